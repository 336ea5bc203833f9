// An engine for tests of the protocol: any bytes are a model, and the output is
// the input. It says so in HELLO.
#ifndef MODEL_RUNNER_ECHO_RUNNER_H_
#define MODEL_RUNNER_ECHO_RUNNER_H_

#include <cstdint>

#include "bench_protocol/interfaces.h"

namespace quantci {

class EchoRunner final : public ModelRunner {
 public:
  // `input` and `output` have `size` bytes each: the two tensors.
  EchoRunner(std::uint8_t* input, std::uint8_t* output, std::uint32_t size)
      : input_(input), output_(output), size_(size) {}

  void WriteFacts(ByteWriter* text) override;
  std::uint32_t arena_bytes(ArenaRegion region) const override;
  Status Load(const std::uint8_t* model, std::uint32_t size, ArenaRegion region,
              std::uint32_t arena_bytes) override;
  void Unload() override { model_ = nullptr; }
  const std::uint8_t* model() const { return model_; }  // where it lies
  ModelDescription description() const override;
  TensorDescription input(std::uint8_t index) const override;
  TensorDescription output(std::uint8_t index) const override;
  std::uint8_t* input_data(std::uint8_t) override { return input_; }
  const std::uint8_t* output_data(std::uint8_t) const override {
    return output_;
  }
  Status ResetState() override {
    is_fresh_ = true;
    return Status();
  }
  Status Invoke(OpMode mode) override;
  OpFigures op(std::uint16_t) const override { return op_; }
  void ClearOps() override { op_ = OpFigures(); }

 private:
  std::uint8_t* input_;
  std::uint8_t* output_;
  std::uint32_t size_;
  const std::uint8_t* model_ = nullptr;
  OpFigures op_;
  bool is_fresh_ = true;  // nothing ran since ResetState()
};

}  // namespace quantci

#endif  // MODEL_RUNNER_ECHO_RUNNER_H_
