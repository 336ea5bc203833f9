#include "bench_protocol/fact.h"

#include <cstdarg>
#include <cstdio>

namespace quantci {

void WriteFact(ByteWriter* out, const char* format, ...) {
  char line[128];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(line, sizeof(line), format, arguments);
  va_end(arguments);
  out->Text(line);
  out->Text("\n");
}

}  // namespace quantci
