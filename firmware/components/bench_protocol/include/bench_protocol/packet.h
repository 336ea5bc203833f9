// A packet, and a frame on the line: firmware/PROTOCOL.md says what they are.
#ifndef BENCH_PROTOCOL_PACKET_H_
#define BENCH_PROTOCOL_PACKET_H_

#include <cstddef>
#include <cstdint>

#include "bench_protocol/cobs.h"

namespace quantci {

constexpr std::uint16_t kProtocolVersion = 1;
constexpr std::size_t kMaxPayload = 4096;
constexpr std::size_t kHeadSize = 8;
constexpr std::size_t kMaxPacket = kHeadSize + kMaxPayload + 4;
constexpr std::size_t kMaxFrame = CobsMaxSize(kMaxPacket);
constexpr std::size_t kMaxLine = kMaxFrame + 2;
constexpr std::uint32_t kWindow = 8192;

enum class PacketType : std::uint8_t {
  kHello = 0x01,
  kEcho = 0x02,
  kCounters = 0x03,
  kReboot = 0x04,
  kBegin = 0x10,
  kChunk = 0x11,
  kEnd = 0x12,
  kErase = 0x13,
  kSelect = 0x20,
  kInput = 0x21,
  kInvoke = 0x22,
  kTimes = 0x23,
  kOutput = 0x24,
  kRun = 0x25,
  kOps = 0x26,
  kCancel = 0x27,
  kReply = 0x80,  // added to the type of the request
  kEvent = 0xFE,
  kError = 0xFF,
};

struct PacketHead {
  std::uint8_t type = 0;
  std::uint16_t sequence = 0;
  std::uint32_t nonce = 0;
};

// A packet whose check was right. The payload lies in the receiver's buffer.
struct Packet {
  PacketHead head;
  const std::uint8_t* payload = nullptr;
  std::size_t size = 0;
  std::uint32_t crc = 0;
};

// Reads what COBS gave back. False: too short, too long, or its check is wrong.
bool ParsePacket(const std::uint8_t* data, std::size_t size, Packet* packet);

// Puts head and check around a payload that already stands at
// `packet` + kHeadSize; returns the size of the packet.
std::size_t FinishPacket(const PacketHead& head, std::size_t payload_size,
                         std::uint8_t* packet);

// The frame on the line: at most CobsMaxSize(size) + 2 bytes.
std::size_t FrameLine(const std::uint8_t* packet, std::size_t size,
                      std::uint8_t* line);

}  // namespace quantci

#endif  // BENCH_PROTOCOL_PACKET_H_
