#include "bench_protocol/iteration_times.h"

namespace quantci {

IterationTime IterationTimes::Sum() const {
  IterationTime sum;
  for (std::uint32_t i = 0; i < count_; ++i) {
    sum.cycles += times_[i].cycles;
    sum.microseconds += times_[i].microseconds;
  }
  return sum;
}

// Two counters that run on their own agree to 1 %, and to the microsecond on
// either side of an iteration.
Status IterationTimes::Check(std::uint64_t cycles_hz) const {
  if (cycles_hz == 0 || count_ == 0) return Status();
  const IterationTime sum = Sum();
  const double by_cycles =
      static_cast<double>(sum.cycles) * 1e6 / static_cast<double>(cycles_hz);
  const double by_clock = static_cast<double>(sum.microseconds);
  const double apart =
      by_cycles > by_clock ? by_cycles - by_clock : by_clock - by_cycles;
  if (sum.cycles == 0 || apart > by_clock / 100 + 2.0 * count_) {
    return Status::Error(ErrorCode::kTimer, "%llu cycles in %llu us",
                         static_cast<unsigned long long>(sum.cycles),
                         static_cast<unsigned long long>(sum.microseconds));
  }
  return Status();
}

}  // namespace quantci
