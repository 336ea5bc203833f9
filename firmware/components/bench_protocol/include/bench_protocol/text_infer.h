// The commands `infer` and `results`.
#ifndef BENCH_PROTOCOL_TEXT_INFER_H_
#define BENCH_PROTOCOL_TEXT_INFER_H_

#include "bench_protocol/bench.h"
#include "bench_protocol/text_line.h"
#include "bench_protocol/text_writer.h"

namespace quantci {

void Infer(Bench* bench, Words* words, TextWriter* out);
// The outputs as real numbers; of an anomaly detector the error of what it
// reconstructed.
void WriteResults(Bench* bench, TextWriter* out);

}  // namespace quantci

#endif  // BENCH_PROTOCOL_TEXT_INFER_H_
