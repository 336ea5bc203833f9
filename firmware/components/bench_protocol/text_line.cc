#include "bench_protocol/text_line.h"

#include <cstdlib>

namespace quantci {

bool TextLine::Put(char character) {
  if (character == '%') {
    text_[too_long() ? 0 : size_] = 0;
    return true;
  }
  if (character == '\r' || character == '\n') return false;
  if (size_ < kMaxCommand) text_[size_] = character;
  if (size_ <= kMaxCommand) ++size_;
  return false;
}

const char* Words::Next() {
  while (*rest_ == ' ') ++rest_;
  if (*rest_ == 0) return nullptr;
  char* word = rest_;
  while (*rest_ != 0 && *rest_ != ' ') ++rest_;
  if (*rest_ != 0) *rest_++ = 0;
  return word;
}

long long Number(const char* word) { return std::strtoll(word, nullptr, 10); }

}  // namespace quantci
