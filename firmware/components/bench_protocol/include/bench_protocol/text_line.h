// A command of text: as it comes in, and cut into its words.
#ifndef BENCH_PROTOCOL_TEXT_LINE_H_
#define BENCH_PROTOCOL_TEXT_LINE_H_

#include <cstddef>

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

class Words {
 public:
  // Cuts `command` as it goes.
  explicit Words(char* command) : rest_(command) {}

  const char* Next();  // null: there are no more

 private:
  char* rest_;
};

// As atoi has it: what is no number is 0. Wide enough for what anyone types.
long long Number(const char* word);

}  // namespace quantci

#endif  // BENCH_PROTOCOL_TEXT_LINE_H_
