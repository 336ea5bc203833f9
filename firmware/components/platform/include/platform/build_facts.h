// What stays the same from start to start: the application as it was built, and
// the chip that it runs on.
#ifndef PLATFORM_BUILD_FACTS_H_
#define PLATFORM_BUILD_FACTS_H_

#include "bench_protocol/bytes.h"

namespace quantci {

void WriteBuildFacts(ByteWriter* text);

}  // namespace quantci

#endif  // PLATFORM_BUILD_FACTS_H_
