// What each op of a model costs and gives, while TFLM runs it.
#ifndef MODEL_RUNNER_OP_PROFILER_H_
#define MODEL_RUNNER_OP_PROFILER_H_

#include <cstdint>

#include "bench_protocol/interfaces.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_profiler_interface.h"

namespace quantci {

// Lets its runner look at any tensor of the subgraph that runs.
class Interpreter : public tflite::MicroInterpreter {
 public:
  using MicroInterpreter::MicroInterpreter;
  const TfLiteEvalTensor* eval_tensor(int index) const {
    return context().GetEvalTensor(&context(), index);
  }
};

// Of the ops of the main subgraph; those of a branch or a loop count with it.
class OpProfiler final : public tflite::MicroProfilerInterface {
 public:
  // `ops` has room for `max_ops`.
  OpProfiler(Clock* clock, OpFigures* ops, std::uint16_t max_ops)
      : clock_(clock), ops_(ops), max_ops_(max_ops) {}

  // Around an inference of this model by this interpreter.
  void Start(OpMode mode, const tflite::Model* model,
             const Interpreter* interpreter);
  void Stop() { mode_ = OpMode::kNone; }

  OpFigures op(std::uint16_t index) const {
    return index < max_ops_ ? ops_[index] : OpFigures();
  }
  void Clear();

  std::uint32_t BeginEvent(const char* tag) override;
  void EndEvent(std::uint32_t event) override;

 private:
  std::uint32_t HashOutputs(std::uint16_t op) const;

  Clock* clock_;
  OpFigures* ops_;
  std::uint16_t max_ops_;
  const tflite::Model* model_ = nullptr;
  const Interpreter* interpreter_ = nullptr;
  OpMode mode_ = OpMode::kNone;
  std::uint32_t depth_ = 0;
  std::uint16_t current_ = 0;
  std::uint64_t start_ = 0;
};

}  // namespace quantci

#endif  // MODEL_RUNNER_OP_PROFILER_H_
