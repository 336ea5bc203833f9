// Answers in text.
#ifndef BENCH_PROTOCOL_TEXT_WRITER_H_
#define BENCH_PROTOCOL_TEXT_WRITER_H_

#include "bench_protocol/interfaces.h"

namespace quantci {

class TextWriter {
 public:
  explicit TextWriter(Port* port) : port_(port) {}

  [[gnu::format(printf, 2, 3)]]
  void Line(const char* format, ...);
  void Write(const char* text);

 private:
  Port* port_;
};

}  // namespace quantci

#endif  // BENCH_PROTOCOL_TEXT_WRITER_H_
