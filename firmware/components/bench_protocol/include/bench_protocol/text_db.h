// The command `db`: an input in hexadecimal, piece by piece.
#ifndef BENCH_PROTOCOL_TEXT_DB_H_
#define BENCH_PROTOCOL_TEXT_DB_H_

#include <cstdint>

#include "bench_protocol/bench.h"
#include "bench_protocol/text_line.h"
#include "bench_protocol/text_writer.h"

namespace quantci {

class TextDb {
 public:
  explicit TextDb(Bench* bench) : bench_(bench) {}

  void Answer(Words* words, TextWriter* out);

 private:
  void Load(const char* word, TextWriter* out);
  void Print(TextWriter* out) const;
  void Bytes(const char* digits, TextWriter* out);

  Bench* bench_;
  std::uint32_t size_ = 0;  // that `db load` announced
};

}  // namespace quantci

#endif  // BENCH_PROTOCOL_TEXT_DB_H_
