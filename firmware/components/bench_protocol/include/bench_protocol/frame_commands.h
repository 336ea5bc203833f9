// The commands that come in frames.
#ifndef BENCH_PROTOCOL_FRAME_COMMANDS_H_
#define BENCH_PROTOCOL_FRAME_COMMANDS_H_

#include <cstddef>
#include <cstdint>

#include "bench_protocol/bench.h"
#include "bench_protocol/bytes.h"
#include "bench_protocol/packet.h"

namespace quantci {

class FrameCommands final : private IterationListener {
 public:
  explicit FrameCommands(Bench* bench) : bench_(bench) {}

  // Carries a request out, unless it is the last one again, and answers.
  // `rest` is what came after it.
  void Answer(const Packet& packet, ByteReader rest, Port* port);
  // Bytes that were read while the last request was carried out: they are yet
  // to be received. `data` has room for kMaxHeld.
  std::size_t TakeHeld(std::uint8_t* data);
  static constexpr std::size_t kMaxHeld = 512;
  // Counts it; says so to a host that has said HELLO.
  void Drop(Port* port);

 private:
  bool OnIteration(std::uint32_t done) override;
  bool HasCancel(const std::uint8_t* data, std::size_t size) const;

  Status Execute(const Packet& packet, ByteWriter* out);
  Status Hello(ByteReader in, ByteWriter* out);
  void Counters(ByteWriter* out);
  Status Begin(ByteReader in, ByteWriter* out);
  Status Chunk(ByteReader in, ByteWriter* out);
  Status End(ByteReader in, ByteWriter* out);
  Status Erase(ByteReader in);
  Status Select(ByteReader in, ByteWriter* out);
  Status Input(ByteReader in, ByteWriter* out);
  Status Invoke(ByteReader in, ByteWriter* out);
  Status Times(ByteReader in, ByteWriter* out);
  Status Output(ByteReader in, ByteWriter* out);
  Status Run(const Packet& packet, ByteWriter* out);
  Status Ops(ByteReader in, ByteWriter* out);
  void WriteTensor(const TensorDescription& tensor, ByteWriter* out);

  void Send(Port* port);
  void SendEvent(EventKind kind, std::uint32_t value, Port* port);

  static constexpr std::uint64_t kProgressUs = 500'000;
  static constexpr std::uint64_t kPollUs = 50'000;

  Bench* bench_;
  Port* port_ = nullptr;  // on which the request in progress came
  bool greeted_ = false;
  std::uint32_t nonce_ = 0;
  std::uint32_t checked_ = 0;
  std::uint32_t dropped_ = 0;
  std::uint64_t last_progress_us_ = 0;
  std::uint64_t last_poll_us_ = 0;
  bool cancelled_ = false;
  std::size_t held_size_ = 0;
  std::uint8_t held_[kMaxHeld];

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
