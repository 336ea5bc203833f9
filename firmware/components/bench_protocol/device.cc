#include "bench_protocol/device.h"

namespace quantci {

Link::Link(Device* device, Port* port)
    : device_(device),
      port_(port),
      receiver_(this, &device->bench_->platform()) {}

void Link::OnPacket(const Packet& packet) {
  device_->frames_.Answer(packet, port_);
}

void Link::OnCharacter(char character) {
  if (line_.Put(character)) device_->text_.Answer(&line_, port_);
}

void Link::OnDropped() { device_->frames_.Drop(port_); }

}  // namespace quantci
