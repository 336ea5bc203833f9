// CRC-32 as zlib, PNG and Ethernet have it.
#ifndef BENCH_PROTOCOL_CRC32_H_
#define BENCH_PROTOCOL_CRC32_H_

#include <cstddef>
#include <cstdint>

namespace quantci {

// The CRC of some bytes; with `crc` that of the bytes before them, the CRC of
// both.
std::uint32_t Crc32(const void* data, std::size_t size, std::uint32_t crc = 0);

}  // namespace quantci

#endif  // BENCH_PROTOCOL_CRC32_H_
