// The requests about models: into a slot, out of it, and which one runs.
#ifndef BENCH_PROTOCOL_SLOT_COMMANDS_H_
#define BENCH_PROTOCOL_SLOT_COMMANDS_H_

#include "bench_protocol/bench.h"
#include "bench_protocol/bytes.h"

namespace quantci {

Status Begin(Bench* bench, ByteReader in, ByteWriter* out);
Status Chunk(Bench* bench, ByteReader in, ByteWriter* out);
Status End(Bench* bench, ByteReader in, ByteWriter* out);
Status Erase(Bench* bench, ByteReader in);
Status Select(Bench* bench, ByteReader in, ByteWriter* out);

}  // namespace quantci

#endif  // BENCH_PROTOCOL_SLOT_COMMANDS_H_
