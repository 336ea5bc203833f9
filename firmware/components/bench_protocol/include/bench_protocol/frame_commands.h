// The commands that come in frames.
#ifndef BENCH_PROTOCOL_FRAME_COMMANDS_H_
#define BENCH_PROTOCOL_FRAME_COMMANDS_H_

#include <cstddef>
#include <cstdint>

#include "bench_protocol/bench.h"
#include "bench_protocol/bytes.h"
#include "bench_protocol/invocation_watch.h"
#include "bench_protocol/packet.h"

namespace quantci {

class FrameCommands {
 public:
  explicit FrameCommands(Bench* bench)
      : bench_(bench), watch_(&bench->platform()) {}

  // Carries a request out, unless it is the last one again, and answers.
  // `rest` is what came after it.
  void Answer(const Packet& packet, ByteReader rest, Port* port);
  // What came while the last request was carried out.
  InvocationWatch& watch() { return watch_; }
  // Counts it; says so to a host that has said HELLO.
  void Drop(Port* port);

 private:
  Status Execute(const Packet& packet, ByteWriter* out);
  Status Hello(ByteReader in, ByteWriter* out);
  void Counters(ByteWriter* out);
  void Send(Port* port);

  Bench* bench_;
  InvocationWatch watch_;
  bool greeted_ = false;
  std::uint32_t nonce_ = 0;
  std::uint32_t checked_ = 0;
  std::uint32_t dropped_ = 0;

  // The last request, to tell a repetition; its reply stands in reply_.
  bool has_reply_ = false;
  PacketHead last_head_;
  std::uint32_t last_crc_ = 0;
  std::size_t reply_size_ = 0;
  std::uint8_t reply_[kMaxPacket];
  std::uint8_t line_[kMaxLine];
};

}  // namespace quantci

#endif  // BENCH_PROTOCOL_FRAME_COMMANDS_H_
