// The whole device: ports on one side, a model runner on the other.
#ifndef BENCH_PROTOCOL_DEVICE_H_
#define BENCH_PROTOCOL_DEVICE_H_

#include <cstddef>
#include <cstdint>

#include "bench_protocol/bench.h"
#include "bench_protocol/frame_commands.h"
#include "bench_protocol/receiver.h"
#include "bench_protocol/text_commands.h"

namespace quantci {

class Device;

// One port. An answer goes out where its request came in.
class Link final : private ReceiverHandler {
 public:
  Link(Device* device, Port* port);

  void Receive(const std::uint8_t* data, std::size_t size);
  void Tick() { receiver_.Tick(); }
  Port* port() { return port_; }

 private:
  void OnPacket(const Packet& packet) override;
  void OnCharacter(char character) override;
  void OnFrame() override { line_.Clear(); }
  void OnDropped() override;

  Device* device_;
  Port* port_;
  Receiver receiver_;
  TextLine line_;
};

class Device {
 public:
  explicit Device(Bench* bench) : bench_(bench), frames_(bench), text_(bench) {}

  void Greet(Link* link) { text_.Greet(link->port()); }

 private:
  friend class Link;

  Bench* bench_;
  FrameCommands frames_;
  TextCommands text_;
};

}  // namespace quantci

#endif  // BENCH_PROTOCOL_DEVICE_H_
