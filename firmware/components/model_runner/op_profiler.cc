#include "model_runner/op_profiler.h"

#include "bench_protocol/crc32.h"
#include "model_runner/tflm_model.h"
#include "tensorflow/lite/micro/memory_helpers.h"

namespace quantci {

void OpProfiler::Start(OpMode mode, const tflite::Model* model,
                       const Interpreter* interpreter) {
  mode_ = mode;
  model_ = model;
  interpreter_ = interpreter;
  depth_ = 0;
  current_ = 0;
}

void OpProfiler::Clear() {
  for (std::uint16_t i = 0; i < max_ops_; ++i) ops_[i] = OpFigures();
}

std::uint32_t OpProfiler::BeginEvent(const char*) {
  if (mode_ != OpMode::kNone && depth_++ == 0) start_ = clock_->Cycles();
  return 0;
}

void OpProfiler::EndEvent(std::uint32_t) {
  if (mode_ == OpMode::kNone || --depth_ != 0) return;
  const std::uint64_t end = clock_->Cycles();
  const std::uint16_t index = current_++;
  if (index >= max_ops_) return;
  OpFigures& op = ops_[index];
  if (mode_ == OpMode::kCycles) {
    op.cycles += end - start_;
    ++op.iterations;
  } else {
    op.crc = HashOutputs(index);
  }
}

std::uint32_t OpProfiler::HashOutputs(std::uint16_t op) const {
  std::uint32_t crc = 0;
  const auto* outputs = MainGraph(*model_).operators()->Get(op)->outputs();
  if (outputs == nullptr) return crc;
  for (const std::int32_t index : *outputs) {
    const TfLiteEvalTensor* tensor =
        index < 0 ? nullptr : interpreter_->eval_tensor(index);
    std::size_t bytes = 0;
    if (tensor != nullptr && tensor->data.raw != nullptr &&
        tflite::TfLiteEvalTensorByteLength(tensor, &bytes) == kTfLiteOk) {
      crc = Crc32(tensor->data.raw, bytes, crc);
    }
  }
  return crc;
}

}  // namespace quantci
