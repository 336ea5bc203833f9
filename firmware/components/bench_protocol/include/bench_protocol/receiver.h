// The device's receiver: tells text and frames apart, byte by byte.
#ifndef BENCH_PROTOCOL_RECEIVER_H_
#define BENCH_PROTOCOL_RECEIVER_H_

#include <cstddef>
#include <cstdint>

#include "bench_protocol/interfaces.h"
#include "bench_protocol/packet.h"

namespace quantci {

class ReceiverHandler {
 public:
  virtual void OnPacket(const Packet& packet) = 0;
  virtual void OnCharacter(char character) = 0;
  // A frame begins: an unfinished command of text is void.
  virtual void OnFrame() = 0;
  // A frame was given up: its check, its length, or silence inside of it.
  virtual void OnDropped() = 0;

 protected:
  ~ReceiverHandler() = default;
};

class Receiver {
 public:
  Receiver(ReceiverHandler* handler, Clock* clock)
      : handler_(handler), clock_(clock) {}

  void Put(const std::uint8_t* data, std::size_t size);
  // While a packet is handled: what was put with it, and comes after it.
  ByteReader rest() const { return ByteReader(rest_, rest_size_); }
  // To be called now and then: silence inside a frame leads back to text.
  void Tick();

 private:
  void EndFrame();

  static constexpr std::uint64_t kSilenceUs = 500'000;

  ReceiverHandler* handler_;
  Clock* clock_;
  bool in_frame_ = false;
  std::size_t collected_ = 0;  // also counts what no longer fits
  std::uint64_t last_byte_us_ = 0;
  const std::uint8_t* rest_ = nullptr;
  std::size_t rest_size_ = 0;
  std::uint8_t buffer_[kMaxFrame];
};

}  // namespace quantci

#endif  // BENCH_PROTOCOL_RECEIVER_H_
