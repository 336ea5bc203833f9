#include "model_runner/echo_runner.h"

#include <cstring>

#include "bench_protocol/crc32.h"
#include "bench_protocol/tensor_values.h"

namespace quantci {

void EchoRunner::WriteFacts(ByteWriter* text) { text->Text("engine=echo\n"); }

std::uint32_t EchoRunner::arena_bytes(ArenaRegion region) const {
  return region == ArenaRegion::kInternal ? 2 * size_ : 0;
}

Status EchoRunner::Load(const std::uint8_t* model, std::uint32_t,
                        ArenaRegion region, std::uint32_t arena_bytes) {
  op_ = OpFigures();
  if (region != ArenaRegion::kInternal || arena_bytes > 2 * size_) {
    return Status::Error(ErrorCode::kMemory, "the region has %lu bytes",
                         static_cast<unsigned long>(this->arena_bytes(region)));
  }
  model_ = model;
  return Status();
}

ModelDescription EchoRunner::description() const {
  ModelDescription model;
  model.arena_used = 2 * size_;
  model.arena_given = 2 * size_;
  model.ops = 1;
  model.inputs = 1;
  model.outputs = 1;
  return model;
}

TensorDescription EchoRunner::input(std::uint8_t) const {
  TensorDescription tensor;
  tensor.type = static_cast<std::uint8_t>(TensorType::kInt8);
  tensor.rank = 2;
  tensor.extent[0] = 1;
  tensor.extent[1] = size_;
  tensor.bytes = size_;
  tensor.scale = 1.0f;
  return tensor;
}

TensorDescription EchoRunner::output(std::uint8_t index) const {
  return input(index);
}

// The input is overwritten, as TFLM may do it: it has to be written again. And
// a state that nobody reset is an error, where TFLM would give another answer.
Status EchoRunner::Invoke(OpMode mode) {
  if (!is_fresh_) return Status::Error(ErrorCode::kInvoke, "an old state");
  is_fresh_ = false;
  std::memcpy(output_, input_, size_);
  std::memset(input_, 0, size_);
  if (mode == OpMode::kCycles) ++op_.iterations;
  if (mode == OpMode::kCrc) op_.crc = Crc32(output_, size_);
  return Status();
}

}  // namespace quantci
