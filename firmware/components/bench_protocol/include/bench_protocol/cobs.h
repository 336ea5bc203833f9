// Consistent Overhead Byte Stuffing (Cheshire and Baker, 1999): bytes without
// a zero, at most one byte longer for each 254.
#ifndef BENCH_PROTOCOL_COBS_H_
#define BENCH_PROTOCOL_COBS_H_

#include <cstddef>
#include <cstdint>

namespace quantci {

constexpr std::size_t CobsMaxSize(std::size_t size) {
  return size + (size + 253) / 254 + (size == 0 ? 1 : 0);
}

// Encodes into `out`, which has room for CobsMaxSize(size) bytes; returns how
// many were written.
std::size_t CobsEncode(const std::uint8_t* data, std::size_t size,
                       std::uint8_t* out);

// Decodes in place. Returns false where a code leads past the end.
bool CobsDecode(std::uint8_t* data, std::size_t size, std::size_t* decoded);

}  // namespace quantci

#endif  // BENCH_PROTOCOL_COBS_H_
