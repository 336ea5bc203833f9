#include "bench_protocol/event.h"

#include "bench_protocol/packet.h"

namespace quantci {

void SendEvent(EventKind kind, std::uint32_t value, std::uint32_t nonce,
               Port* port) {
  constexpr std::size_t kPayload = 5;
  std::uint8_t packet[kHeadSize + kPayload + 4];
  ByteWriter payload(packet + kHeadSize, kPayload);
  payload.U8(static_cast<std::uint8_t>(kind));
  payload.U32(value);
  PacketHead head;
  head.type = static_cast<std::uint8_t>(PacketType::kEvent);
  head.nonce = nonce;
  const std::size_t size = FinishPacket(head, kPayload, packet);
  std::uint8_t line[CobsMaxSize(sizeof(packet)) + 2];
  port->Write(line, FrameLine(packet, size, line));
}

}  // namespace quantci
