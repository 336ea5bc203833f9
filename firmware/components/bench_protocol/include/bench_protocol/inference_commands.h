// The requests about the selected model: its inputs, running it, and what that
// gave.
#ifndef BENCH_PROTOCOL_INFERENCE_COMMANDS_H_
#define BENCH_PROTOCOL_INFERENCE_COMMANDS_H_

#include "bench_protocol/bench.h"
#include "bench_protocol/bytes.h"

namespace quantci {

Status Input(Bench* bench, ByteReader in, ByteWriter* out);
Status Invoke(Bench* bench, ByteReader in, IterationListener* listener,
              ByteWriter* out);
Status Times(Bench* bench, ByteReader in, ByteWriter* out);
Status Output(Bench* bench, ByteReader in, ByteWriter* out);
Status Run(Bench* bench, ByteReader in, IterationListener* listener,
           ByteWriter* out);
Status Ops(Bench* bench, ByteReader in, ByteWriter* out);

}  // namespace quantci

#endif  // BENCH_PROTOCOL_INFERENCE_COMMANDS_H_
