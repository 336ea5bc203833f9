// The model that is selected, its inputs, and measuring it: what both languages
// of the protocol work on.
#ifndef BENCH_PROTOCOL_BENCH_H_
#define BENCH_PROTOCOL_BENCH_H_

#include <cstddef>
#include <cstdint>

#include "bench_protocol/interfaces.h"
#include "bench_protocol/model_slot.h"

namespace quantci {

constexpr std::uint8_t kMaxTensors = 16;

struct IterationTime {
  std::uint64_t cycles = 0;
  std::uint64_t microseconds = 0;
};

// Memory that the caller sets aside, once.
struct BenchMemory {
  std::uint8_t* input = nullptr;
  std::uint32_t input_bytes = 0;
  IterationTime* times = nullptr;
  std::uint32_t max_iterations = 0;
};

// Is told between two iterations, outside of what is measured.
class IterationListener {
 public:
  // False: the rest is not wanted any more.
  virtual bool OnIteration(std::uint32_t done) = 0;

 protected:
  ~IterationListener() = default;
};

class Bench {
 public:
  Bench(Platform* platform, ModelRunner* runner, ModelSlot* slots,
        std::uint8_t slot_count, const BenchMemory& memory)
      : platform_(platform),
        runner_(runner),
        slots_(slots),
        slot_count_(slot_count),
        memory_(memory) {}

  std::uint8_t slot_count() const { return slot_count_; }
  ModelSlot* slot(std::uint8_t index);  // null: no such slot
  // To be called before a slot's bytes change.
  void Release(std::uint8_t slot);

  Status Select(const Selection& selection);
  // That of before the restart, where nothing was selected since. False: none.
  bool SelectLast();
  bool selected() const { return selected_; }
  const char* model_id();  // "none" without one

  // Takes what follows on, or begins anew at offset 0; `next` is what it waits
  // for then.
  Status LoadInput(std::uint8_t index, std::uint32_t offset,
                   const std::uint8_t* data, std::size_t size,
                   std::uint32_t* next);
  Status LoadInputs(const std::uint8_t* data, std::size_t size);

  // Text mode fills the same memory by itself, and says where the inputs stand.
  const BenchMemory& memory() const { return memory_; }
  std::uint32_t text_bytes() const { return text_bytes_; }
  void SetTextBytes(std::uint32_t bytes);
  void UseInputs(const std::uint8_t* inputs);

  // Runs; the input is written again before each iteration. Without times for
  // text mode, where the caller reads the clock.
  Status Repeat(std::uint32_t iterations);
  Status Measure(std::uint32_t warm_up, std::uint32_t iterations,
                 IterationListener* listener);
  Status InspectOps(OpMode mode, std::uint32_t iterations,
                    IterationListener* listener);

  std::uint32_t measured() const { return measured_; }
  const IterationTime& time(std::uint32_t index) const {
    return memory_.times[index];
  }
  IterationTime Sum() const;
  std::uint32_t OutputCrc() const;
  bool has_output() const { return has_output_; }
  std::uint32_t input_size() const { return input_size_; }
  std::uint32_t output_size() const { return output_size_; }
  ModelRunner& runner() { return *runner_; }
  Platform& platform() { return *platform_; }

 private:
  Status CheckReady() const;
  Status Tell(IterationListener* listener) const;
  Status Once(OpMode mode, IterationTime* time);
  Status CheckTimer() const;

  Platform* platform_;
  ModelRunner* runner_;
  ModelSlot* slots_;
  std::uint8_t slot_count_;
  BenchMemory memory_;

  bool selected_ = false;
  Selection selection_;
  std::uint32_t input_size_ = 0;   // of all inputs together
  std::uint32_t output_size_ = 0;  // likewise
  std::uint32_t input_at_[kMaxTensors] = {};
  std::uint32_t input_bytes_[kMaxTensors] = {};
  std::uint32_t next_[kMaxTensors] = {};
  const std::uint8_t* inputs_ = nullptr;  // null: not loaded
  std::uint32_t text_bytes_ = 0;
  std::uint32_t measured_ = 0;
  bool has_output_ = false;
};

}  // namespace quantci

#endif  // BENCH_PROTOCOL_BENCH_H_
