#include "bench_protocol/cobs.h"

namespace quantci {

std::size_t CobsEncode(const std::uint8_t* data, std::size_t size,
                       std::uint8_t* out) {
  std::size_t code_at = 0;
  std::size_t written = 1;
  std::uint8_t code = 1;
  for (std::size_t i = 0; i < size; ++i) {
    if (data[i] != 0) {
      out[written++] = data[i];
      ++code;
    }
    // A group of 254 ends without a zero; the last one needs no group after it.
    const bool full = code == 0xFF;
    if (data[i] == 0 || (full && i + 1 < size)) {
      out[code_at] = code;
      code_at = written++;
      code = 1;
    }
  }
  out[code_at] = code;
  return written;
}

bool CobsDecode(std::uint8_t* data, std::size_t size, std::size_t* decoded) {
  std::size_t read = 0;
  std::size_t written = 0;
  while (read < size) {
    const std::uint8_t code = data[read++];
    if (code == 0 || static_cast<std::size_t>(code - 1) > size - read) {
      return false;
    }
    for (std::uint8_t i = 1; i < code; ++i) data[written++] = data[read++];
    if (code != 0xFF && read < size) data[written++] = 0;
  }
  *decoded = written;
  return size > 0;
}

}  // namespace quantci
