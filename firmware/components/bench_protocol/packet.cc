#include "bench_protocol/packet.h"

#include "bench_protocol/bytes.h"
#include "bench_protocol/crc32.h"

namespace quantci {

bool ParsePacket(const std::uint8_t* data, std::size_t size, Packet* packet) {
  if (size < kHeadSize + 4 || size > kMaxPacket) return false;
  ByteReader check(data + size - 4, 4);
  packet->crc = check.U32();
  if (packet->crc != Crc32(data, size - 4)) return false;
  ByteReader head(data, kHeadSize);
  packet->head.type = head.U8();
  head.U8();  // reserved
  packet->head.sequence = head.U16();
  packet->head.nonce = head.U32();
  packet->payload = data + kHeadSize;
  packet->size = size - kHeadSize - 4;
  return true;
}

std::size_t FinishPacket(const PacketHead& head, std::size_t payload_size,
                         std::uint8_t* packet) {
  ByteWriter front(packet, kHeadSize);
  front.U8(head.type);
  front.U8(0);
  front.U16(head.sequence);
  front.U32(head.nonce);
  const std::size_t checked = kHeadSize + payload_size;
  ByteWriter check(packet + checked, 4);
  check.U32(Crc32(packet, checked));
  return checked + 4;
}

std::size_t FrameLine(const std::uint8_t* packet, std::size_t size,
                      std::uint8_t* line) {
  line[0] = 0;
  const std::size_t encoded = CobsEncode(packet, size, line + 1);
  line[encoded + 1] = 0;
  return encoded + 2;
}

}  // namespace quantci
