// What SELECT chose, in flash: text mode has a model after a restart.
#ifndef PLATFORM_STORED_SELECTION_H_
#define PLATFORM_STORED_SELECTION_H_

#include "bench_protocol/interfaces.h"

namespace quantci {

bool ReadStoredSelection(Selection* selection);  // false: there is none
void StoreSelection(const Selection& selection);

}  // namespace quantci

#endif  // PLATFORM_STORED_SELECTION_H_
