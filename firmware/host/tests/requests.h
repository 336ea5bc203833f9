// The host's side of a test: requests as bytes, and what answers say.
#ifndef TESTS_REQUESTS_H_
#define TESTS_REQUESTS_H_

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "bench_protocol/bytes.h"
#include "bench_protocol/packet.h"
#include "bench_protocol/sha256.h"
#include "bench_protocol/status.h"

namespace quantci {

struct Reply {
  std::uint8_t type = 0;
  std::uint16_t sequence = 0;
  std::uint32_t nonce = 0;
  std::string payload;

  ByteReader Reader() const&& = delete;  // it would read what is gone
  ByteReader Reader() const& {
    return ByteReader(reinterpret_cast<const std::uint8_t*>(payload.data()),
                      payload.size());
  }
};

// Splits at zeros, as the host's receiver does; what is no packet is left out.
inline std::vector<Reply> ParseReplies(const std::string& bytes) {
  std::vector<Reply> replies;
  std::string piece;
  for (const char character : bytes) {
    if (character != 0) {
      piece += character;
      continue;
    }
    std::vector<std::uint8_t> raw(piece.begin(), piece.end());
    piece.clear();
    std::size_t size = 0;
    Packet packet;
    if (!raw.empty() && CobsDecode(raw.data(), raw.size(), &size) &&
        ParsePacket(raw.data(), size, &packet)) {
      replies.push_back(
          {packet.head.type, packet.head.sequence, packet.head.nonce,
           std::string(packet.payload, packet.payload + packet.size)});
    }
  }
  return replies;
}

inline std::string Frame(PacketType type, std::uint16_t sequence,
                         std::uint32_t nonce, const std::string& payload) {
  std::vector<std::uint8_t> packet(kHeadSize + payload.size() + 4);
  std::memcpy(packet.data() + kHeadSize, payload.data(), payload.size());
  PacketHead head;
  head.type = static_cast<std::uint8_t>(type);
  head.sequence = sequence;
  head.nonce = nonce;
  const std::size_t size = FinishPacket(head, payload.size(), packet.data());
  std::vector<std::uint8_t> line(CobsMaxSize(size) + 2);
  line.resize(FrameLine(packet.data(), size, line.data()));
  return std::string(line.begin(), line.end());
}

// The fields of a payload, appended one after the other.
class Fields {
 public:
  Fields& U8(std::uint8_t value) { return Number(value, 1); }
  Fields& U16(std::uint16_t value) { return Number(value, 2); }
  Fields& U32(std::uint32_t value) { return Number(value, 4); }
  Fields& Text(const std::string& text) {
    bytes_ += text;
    return *this;
  }
  operator std::string() const { return bytes_; }

 private:
  Fields& Number(std::uint32_t value, int size) {
    for (int i = 0; i < size; ++i) {
      bytes_ += static_cast<char>(value >> (8 * i) & 0xFF);
    }
    return *this;
  }
  std::string bytes_;
};

inline std::string Sha256Of(const std::string& bytes) {
  std::uint8_t digest[kSha256Size];
  Sha256(bytes.data(), bytes.size(), digest);
  return std::string(digest, digest + kSha256Size);
}

constexpr std::uint8_t ReplyTo(PacketType type) {
  return static_cast<std::uint8_t>(static_cast<std::uint8_t>(type) | 0x80);
}

constexpr std::uint16_t Code(ErrorCode code) {
  return static_cast<std::uint16_t>(code);
}

inline std::string Ramp(std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(i * 37 + 1);
  return bytes;
}

// The code of an ERROR for a request of this type; 0 for anything else.
inline std::uint16_t ErrorOf(const Reply& reply, PacketType type) {
  ByteReader in = reply.Reader();
  const bool is_error =
      reply.type == 0xFF && in.U8() == static_cast<std::uint8_t>(type);
  return is_error ? in.U16() : std::uint16_t{0};
}

}  // namespace quantci

#endif  // TESTS_REQUESTS_H_
