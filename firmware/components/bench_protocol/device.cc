#include "bench_protocol/device.h"

namespace quantci {

Link::Link(Device* device, Port* port)
    : device_(device),
      port_(port),
      receiver_(this, &device->bench_->platform()) {}

void Link::Receive(const std::uint8_t* data, std::size_t size) {
  receiver_.Put(data, size);
  std::uint8_t held[InvocationWatch::kMaxHeld];
  while ((size = device_->frames_.watch().TakeHeld(held)) > 0) {
    receiver_.Put(held, size);
  }
}

void Link::OnPacket(const Packet& packet) {
  device_->frames_.Answer(packet, receiver_.rest(), port_);
}

void Link::OnCharacter(char character) {
  if (line_.Put(character)) device_->text_.Answer(&line_, port_);
}

void Link::OnDropped() { device_->frames_.Drop(port_); }

}  // namespace quantci
