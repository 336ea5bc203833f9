#include "bench_protocol/text_db.h"

#include <cstdio>
#include <cstring>

namespace quantci {
namespace {

int HexDigit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

}  // namespace

void TextDb::Answer(Words* words, TextWriter* out) {
  const char* word = words->Next();
  if (word == nullptr) {
    out->Line("e-[Command 'db' requires a subcommand]");
  } else if (std::strcmp(word, "load") == 0) {
    Load(words->Next(), out);
  } else if (std::strcmp(word, "print") == 0) {
    Print(out);
  } else {
    Bytes(word, out);
  }
}

void TextDb::Load(const char* word, TextWriter* out) {
  const std::uint32_t room = bench_->inputs().room();
  if (word == nullptr) {
    out->Line("e-[Command 'db load' requires the # of bytes]");
    return;
  }
  const long long size = Number(word);
  if (size <= 0) {
    out->Line("e-[Command 'db load' must be >0 bytes]");
  } else if (size > static_cast<long long>(room)) {
    out->Line("e-[Supplied buffer size %lld exceeds maximum of %lu]", size,
              static_cast<unsigned long>(room));
  } else {
    size_ = static_cast<std::uint32_t>(size);
    bench_->inputs().SetTextBytes(0);
    out->Line("m-[Expecting %lu bytes]", static_cast<unsigned long>(size_));
  }
}

void TextDb::Print(TextWriter* out) const {
  const std::uint8_t* bytes = bench_->inputs().memory();
  const std::uint32_t size = bench_->inputs().text_bytes();
  for (std::uint32_t i = 0; i < size; i += 8) {
    out->Write("m-buffer");
    for (std::uint32_t j = i; j < size && j < i + 8; ++j) {
      char text[4];
      std::snprintf(text, sizeof(text), "-%02x", bytes[j]);
      out->Write(text);
    }
    out->Write("\r\n");
  }
  if (size % 8 != 0) out->Write("\r\n");
}

void TextDb::Bytes(const char* digits, TextWriter* out) {
  const std::size_t length = std::strlen(digits);
  if (length % 2 != 0) {
    out->Line("e-[Insufficent number of hex digits]");
    return;
  }
  for (std::size_t i = 0; i < length; i += 2) {
    if (HexDigit(digits[i]) < 0 || HexDigit(digits[i + 1]) < 0) {
      out->Line("e-[Invalid hex digit '%c%c']", digits[i], digits[i + 1]);
      return;
    }
  }
  std::uint32_t taken = bench_->inputs().text_bytes();
  if (length / 2 > size_ - taken) {
    out->Line("e-[More than %lu bytes]", static_cast<unsigned long>(size_));
    return;
  }
  for (std::size_t i = 0; i < length; i += 2) {
    bench_->inputs().memory()[taken++] = static_cast<std::uint8_t>(
        HexDigit(digits[i]) * 16 + HexDigit(digits[i + 1]));
  }
  bench_->inputs().SetTextBytes(taken);
  if (taken == size_) out->Line("m-load-done");
}

}  // namespace quantci
