// How long each iteration of a measurement took.
#ifndef BENCH_PROTOCOL_ITERATION_TIMES_H_
#define BENCH_PROTOCOL_ITERATION_TIMES_H_

#include <cstdint>

#include "bench_protocol/status.h"

namespace quantci {

struct IterationTime {
  std::uint64_t cycles = 0;
  std::uint64_t microseconds = 0;
};

class IterationTimes {
 public:
  IterationTimes(IterationTime* times, std::uint32_t room)
      : times_(times), room_(room) {}

  void Clear() { count_ = 0; }
  void Add(const IterationTime& time) { times_[count_++] = time; }
  std::uint32_t room() const { return room_; }
  std::uint32_t count() const { return count_; }
  const IterationTime& at(std::uint32_t index) const { return times_[index]; }
  IterationTime Sum() const;
  // An error where cycles and microseconds cannot be of the same time.
  Status Check(std::uint64_t cycles_hz) const;

 private:
  IterationTime* times_;
  std::uint32_t room_;
  std::uint32_t count_ = 0;
};

}  // namespace quantci

#endif  // BENCH_PROTOCOL_ITERATION_TIMES_H_
