// What the device says of itself: the reply to HELLO.
#ifndef BENCH_PROTOCOL_HELLO_H_
#define BENCH_PROTOCOL_HELLO_H_

#include "bench_protocol/bench.h"
#include "bench_protocol/bytes.h"

namespace quantci {

void WriteHello(Bench* bench, ByteWriter* out);

}  // namespace quantci

#endif  // BENCH_PROTOCOL_HELLO_H_
