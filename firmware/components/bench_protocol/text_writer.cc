#include "bench_protocol/text_writer.h"

#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace quantci {

void TextWriter::Line(const char* format, ...) {
  char text[256];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof(text) - 2, format, arguments);
  va_end(arguments);
  std::strcat(text, "\r\n");
  Write(text);
}

void TextWriter::Write(const char* text) {
  port_->Write(reinterpret_cast<const std::uint8_t*>(text), std::strlen(text));
}

}  // namespace quantci
