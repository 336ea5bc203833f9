// The inputs of the selected model, in memory of their own: they come in
// pieces, and are written into the model's tensors before each iteration.
#ifndef BENCH_PROTOCOL_MODEL_INPUTS_H_
#define BENCH_PROTOCOL_MODEL_INPUTS_H_

#include <cstddef>
#include <cstdint>

#include "bench_protocol/interfaces.h"

namespace quantci {

constexpr std::uint8_t kMaxTensors = 16;

class ModelInputs {
 public:
  ModelInputs(std::uint8_t* memory, std::uint32_t room)
      : memory_(memory), room_(room) {}

  // Makes room for the inputs of the model that is loaded; none is there yet.
  Status Arrange(const ModelRunner& runner);
  void Forget() { inputs_ = nullptr; }

  // Takes what follows on, or begins anew at offset 0; `next` is what it waits
  // for then.
  Status Load(std::uint8_t index, std::uint32_t offset,
              const std::uint8_t* data, std::size_t size, std::uint32_t* next);
  Status LoadAll(const std::uint8_t* data, std::size_t size);
  bool loaded() const { return inputs_ != nullptr; }
  std::uint32_t size() const { return size_; }  // of all together

  void WriteTo(ModelRunner* runner) const;

  // Text mode fills the same memory by itself, and says where the inputs stand.
  std::uint8_t* memory() { return memory_; }
  std::uint32_t room() const { return room_; }
  std::uint32_t text_bytes() const { return text_bytes_; }
  void SetTextBytes(std::uint32_t bytes);
  void Use(const std::uint8_t* inputs) { inputs_ = inputs; }

 private:
  std::uint8_t* memory_;
  std::uint32_t room_;
  std::uint8_t count_ = 0;
  std::uint32_t size_ = 0;
  std::uint32_t start_[kMaxTensors] = {};
  std::uint32_t bytes_[kMaxTensors] = {};
  std::uint32_t next_[kMaxTensors] = {};
  const std::uint8_t* inputs_ = nullptr;  // null: not loaded
  std::uint32_t text_bytes_ = 0;
};

}  // namespace quantci

#endif  // BENCH_PROTOCOL_MODEL_INPUTS_H_
