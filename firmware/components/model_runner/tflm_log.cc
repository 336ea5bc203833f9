#include "model_runner/tflm_log.h"

#include <cstdarg>
#include <cstddef>
#include <cstdio>

namespace {

char tflm_log[128];
std::size_t tflm_log_size = 0;

}  // namespace

// Both, because TFLM has them in one file: with one of them ours, the linker
// would find the other twice.
extern "C" void DebugLog(const char* format, va_list arguments) {
  char text[128];
  std::vsnprintf(text, sizeof(text), format, arguments);
  for (const char* at = text; *at != 0; ++at) {
    if (tflm_log_size + 1 >= sizeof(tflm_log) || *at == '\r') continue;
    tflm_log[tflm_log_size++] = *at == '\n' ? ' ' : *at;
    tflm_log[tflm_log_size] = 0;
  }
}

extern "C" int DebugVsnprintf(char* buffer, std::size_t size,
                              const char* format, va_list arguments) {
  return std::vsnprintf(buffer, size, format, arguments);
}

namespace quantci {

void ClearTflmLog() { tflm_log_size = tflm_log[0] = 0; }

const char* TflmLog() { return tflm_log; }

}  // namespace quantci
