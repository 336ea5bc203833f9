// The commands of MLPerf Tiny, to the byte (mlcommons/tiny, benchmark/api).
#ifndef BENCH_PROTOCOL_TEXT_COMMANDS_H_
#define BENCH_PROTOCOL_TEXT_COMMANDS_H_

#include "bench_protocol/bench.h"
#include "bench_protocol/text_db.h"
#include "bench_protocol/text_line.h"
#include "bench_protocol/text_writer.h"

namespace quantci {

class TextCommands {
 public:
  explicit TextCommands(Bench* bench) : bench_(bench), db_(bench) {}

  // What a board says when it has started.
  void Greet(Port* port);
  // Carries the command out (its text is cut into words), answers, and clears
  // the line.
  void Answer(TextLine* line, Port* port);

 private:
  void Execute(char* command, TextWriter* out);
  void Profile(TextWriter* out);
  void Help(TextWriter* out);

  Bench* bench_;
  TextDb db_;
};

}  // namespace quantci

#endif  // BENCH_PROTOCOL_TEXT_COMMANDS_H_
