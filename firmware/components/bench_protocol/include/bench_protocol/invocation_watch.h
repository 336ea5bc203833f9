// Keeps the host in touch while a model runs many times: tells it how far the
// iterations are, and looks whether it wants no more of them.
#ifndef BENCH_PROTOCOL_INVOCATION_WATCH_H_
#define BENCH_PROTOCOL_INVOCATION_WATCH_H_

#include <cstddef>
#include <cstdint>

#include "bench_protocol/bench.h"
#include "bench_protocol/bytes.h"

namespace quantci {

class InvocationWatch final : public IterationListener {
 public:
  explicit InvocationWatch(Clock* clock) : clock_(clock) {}

  // For a request of the host with this nonce; `rest` is what came after it.
  void Begin(ByteReader rest, std::uint32_t nonce, Port* port);
  bool OnIteration(std::uint32_t done) override;

  // Bytes that were read meanwhile: they are yet to be received. `data` has
  // room for kMaxHeld.
  std::size_t TakeHeld(std::uint8_t* data);
  static constexpr std::size_t kMaxHeld = 512;

 private:
  bool HasCancel(const std::uint8_t* data, std::size_t size) const;

  static constexpr std::uint64_t kProgressUs = 500'000;
  static constexpr std::uint64_t kPollUs = 50'000;

  Clock* clock_;
  Port* port_ = nullptr;
  std::uint32_t nonce_ = 0;
  std::uint64_t last_progress_us_ = 0;
  std::uint64_t last_poll_us_ = 0;
  bool cancelled_ = false;
  std::size_t held_size_ = 0;
  std::uint8_t held_[kMaxHeld];
};

}  // namespace quantci

#endif  // BENCH_PROTOCOL_INVOCATION_WATCH_H_
