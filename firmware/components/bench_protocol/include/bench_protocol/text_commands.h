// The commands of MLPerf Tiny, to the byte (mlcommons/tiny, benchmark/api).
#ifndef BENCH_PROTOCOL_TEXT_COMMANDS_H_
#define BENCH_PROTOCOL_TEXT_COMMANDS_H_

#include <cstddef>
#include <cstdint>

#include "bench_protocol/bench.h"

namespace quantci {

// One command as it comes in, of a port of its own.
class TextLine {
 public:
  static constexpr std::size_t kMaxCommand = 80;

  // True when `character` ends a command; then text() or too_long() tell it.
  bool Put(char character);
  void Clear() { size_ = 0; }
  bool too_long() const { return size_ > kMaxCommand; }
  char* text() { return text_; }

 private:
  std::size_t size_ = 0;  // also counts what no longer fits, once
  char text_[kMaxCommand + 1];
};

class TextCommands {
 public:
  explicit TextCommands(Bench* bench) : bench_(bench) {}

  // What a board says when it has started.
  void Greet(Port* port);
  // Carries the command out (its text is cut into words), answers, and clears
  // the line.
  void Answer(TextLine* line, Port* port);

 private:
  void Execute(char* command);
  void Profile();
  void Help();
  void Db();
  void DbLoad();
  void DbPrint();
  void DbBytes(const char* digits);
  void Infer();
  void Results();
  // Where the inputs stand, as the model takes them; null after an error.
  const std::uint8_t* StageInputs();

  const char* NextWord();
  [[gnu::format(printf, 2, 3)]]
  void Line(const char* format, ...);
  void Write(const char* text);

  Bench* bench_;
  Port* port_ = nullptr;
  char* rest_ = nullptr;  // of the command, after the words that were taken
  std::uint32_t db_size_ = 0;
};

}  // namespace quantci

#endif  // BENCH_PROTOCOL_TEXT_COMMANDS_H_
