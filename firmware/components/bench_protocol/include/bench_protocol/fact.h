// A line "key=value" of HELLO.
#ifndef BENCH_PROTOCOL_FACT_H_
#define BENCH_PROTOCOL_FACT_H_

#include "bench_protocol/bytes.h"

namespace quantci {

// At most 127 characters.
[[gnu::format(printf, 2, 3)]]
void WriteFact(ByteWriter* out, const char* format, ...);

}  // namespace quantci

#endif  // BENCH_PROTOCOL_FACT_H_
