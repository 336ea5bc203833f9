// The model that is selected, and measuring it: what both languages of the
// protocol work on.
#ifndef BENCH_PROTOCOL_BENCH_H_
#define BENCH_PROTOCOL_BENCH_H_

#include <cstddef>
#include <cstdint>

#include "bench_protocol/interfaces.h"
#include "bench_protocol/iteration_times.h"
#include "bench_protocol/model_inputs.h"
#include "bench_protocol/model_slot.h"

namespace quantci {

// Memory that the caller sets aside, once.
struct BenchMemory {
  std::uint8_t* input = nullptr;
  std::uint32_t input_bytes = 0;
  IterationTime* times = nullptr;
  std::uint32_t max_iterations = 0;
  std::uint8_t* model = nullptr;  // in PSRAM, 16-byte aligned; null: none
  std::uint32_t model_bytes = 0;
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
        inputs_(memory.input, memory.input_bytes),
        times_(memory.times, memory.max_iterations),
        model_(memory.model),
        model_bytes_(memory.model_bytes) {}

  std::uint8_t slot_count() const { return slot_count_; }
  ModelSlot* slot(std::uint8_t index);  // null: no such slot
  // To be called before a slot's bytes change.
  void Release(std::uint8_t slot);

  Status Select(const Selection& selection);
  // That of before the restart, where nothing was selected since. False: none.
  bool SelectLast();
  bool selected() const { return selected_; }
  const char* model_id();  // "none" without one

  // As ModelInputs has it, for the model that is selected.
  Status LoadInput(std::uint8_t index, std::uint32_t offset,
                   const std::uint8_t* data, std::size_t size,
                   std::uint32_t* next);
  Status LoadInputs(const std::uint8_t* data, std::size_t size);
  ModelInputs& inputs() { return inputs_; }

  // Runs; the input is written again before each iteration. Without times for
  // text mode, where the caller reads the clock.
  Status Repeat(std::uint32_t iterations);
  Status Measure(std::uint32_t warm_up, std::uint32_t iterations,
                 IterationListener* listener);
  Status InspectOps(OpMode mode, std::uint32_t iterations,
                    IterationListener* listener);

  const IterationTimes& times() const { return times_; }
  std::uint32_t OutputCrc() const;
  bool has_output() const { return has_output_; }
  std::uint32_t output_size() const { return output_size_; }
  // The largest model that runs from PSRAM; 0: none does.
  std::uint32_t model_psram() const { return model_bytes_; }
  ModelRunner& runner() { return *runner_; }
  Platform& platform() { return *platform_; }

 private:
  // Where the slot's model is to run from; null after an error.
  const std::uint8_t* Place(const ModelSlot& slot, ModelPlace place,
                            Status* status);
  Status Arrange();
  Status CheckReady() const;
  Status Tell(IterationListener* listener) const;
  Status Once(OpMode mode, IterationTime* time);

  Platform* platform_;
  ModelRunner* runner_;
  ModelSlot* slots_;
  std::uint8_t slot_count_;
  ModelInputs inputs_;
  IterationTimes times_;
  std::uint8_t* model_;
  std::uint32_t model_bytes_;

  bool selected_ = false;
  Selection selection_;
  std::uint32_t output_size_ = 0;  // of all outputs together
  bool has_output_ = false;
};

}  // namespace quantci

#endif  // BENCH_PROTOCOL_BENCH_H_
