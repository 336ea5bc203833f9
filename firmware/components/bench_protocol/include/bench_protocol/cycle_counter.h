// 64 bits of cycles from a counter of 32, which wraps after 17.9 s at 240 MHz.
#ifndef BENCH_PROTOCOL_CYCLE_COUNTER_H_
#define BENCH_PROTOCOL_CYCLE_COUNTER_H_

#include <cstdint>

namespace quantci {

// The slower clock tells only how often the counter has wrapped since the last
// reading, so it may be wrong by seconds: the cycles stay those of the counter.
class CycleCounter {
 public:
  explicit CycleCounter(std::uint64_t hz) : hz_(hz) {}

  std::uint64_t Extend(std::uint32_t counter, std::uint64_t now_us) {
    const std::uint32_t step = counter - last_counter_;
    const std::uint64_t expected = (now_us - last_us_) * hz_ / 1'000'000;
    constexpr std::uint64_t kWrap = 1ULL << 32;
    total_ += step;
    if (expected > step)
      total_ += (expected - step + kWrap / 2) / kWrap * kWrap;
    last_counter_ = counter;
    last_us_ = now_us;
    return total_;
  }

 private:
  std::uint64_t hz_;
  std::uint64_t total_ = 0;
  std::uint64_t last_us_ = 0;
  std::uint32_t last_counter_ = 0;
};

}  // namespace quantci

#endif  // BENCH_PROTOCOL_CYCLE_COUNTER_H_
