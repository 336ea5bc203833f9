// SHA-256 (FIPS 180-4). Ours, because the one function of mbedTLS that ESP-IDF
// 5.1 and 6.0 both have is not the same, and a host has neither.
#ifndef BENCH_PROTOCOL_SHA256_H_
#define BENCH_PROTOCOL_SHA256_H_

#include <cstddef>
#include <cstdint>

namespace quantci {

constexpr std::size_t kSha256Size = 32;

void Sha256(const void* data, std::size_t size, std::uint8_t* digest);

// 64 lower-case digits and a zero.
void ToHex(const std::uint8_t* digest, char* text);

}  // namespace quantci

#endif  // BENCH_PROTOCOL_SHA256_H_
