// Runs a model with TensorFlow Lite Micro.
#ifndef MODEL_RUNNER_TFLM_RUNNER_H_
#define MODEL_RUNNER_TFLM_RUNNER_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "bench_protocol/interfaces.h"
#include "model_runner/all_ops.h"
#include "model_runner/op_profiler.h"

namespace quantci {

// Set aside once, at the start. Arenas are 16-byte aligned; null: no region.
struct TflmMemory {
  std::uint8_t* internal = nullptr;
  std::uint32_t internal_bytes = 0;
  std::uint8_t* psram = nullptr;
  std::uint32_t psram_bytes = 0;
  OpFigures* ops = nullptr;
  std::uint16_t max_ops = 0;
};

class TflmRunner final : public ModelRunner {
 public:
  TflmRunner(Clock* clock, const TflmMemory& memory)
      : memory_(memory), profiler_(clock, memory.ops, memory.max_ops) {}

  void WriteFacts(ByteWriter* text) override;
  std::uint32_t arena_bytes(ArenaRegion region) const override;
  Status Load(const std::uint8_t* model, std::uint32_t size, ArenaRegion region,
              std::uint32_t arena_bytes) override;
  void Unload() override;
  ModelDescription description() const override { return description_; }
  TensorDescription input(std::uint8_t index) const override;
  TensorDescription output(std::uint8_t index) const override;
  std::uint8_t* input_data(std::uint8_t index) override;
  const std::uint8_t* output_data(std::uint8_t index) const override;
  Status ResetState() override;
  Status Invoke(OpMode mode) override;
  OpFigures op(std::uint16_t index) const override;
  void ClearOps() override { profiler_.Clear(); }

 private:
  std::uint8_t* arena(ArenaRegion region) const;
  Status AllocateIn(ArenaRegion region, std::uint32_t bytes);
  Status Allocate(std::uint8_t* arena, std::uint32_t bytes);
  TensorDescription Describe(std::int32_t tensor, const TfLiteTensor& at) const;

  TflmMemory memory_;
  AllOps ops_;
  OpProfiler profiler_;
  const tflite::Model* model_ = nullptr;
  // As std::optional, because the interpreter cannot be moved or reset.
  mutable std::optional<Interpreter> interpreter_;
  ModelDescription description_;
  bool has_state_ = false;  // a tensor that outlives an inference
};

}  // namespace quantci

#endif  // MODEL_RUNNER_TFLM_RUNNER_H_
