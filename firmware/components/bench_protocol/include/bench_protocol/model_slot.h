// A model slot: filled in order, taken up again where it was left, and trusted
// only after its hash was computed here.
#ifndef BENCH_PROTOCOL_MODEL_SLOT_H_
#define BENCH_PROTOCOL_MODEL_SLOT_H_

#include <cstdint>

#include "bench_protocol/interfaces.h"

namespace quantci {

class ModelSlot {
 public:
  // Reads what the memory holds from before, and hashes it.
  void Open(SlotMemory* memory);

  bool holds_model() const { return checked_; }
  const std::uint8_t* data() const { return memory_->data(); }
  std::uint32_t size() const { return head_.size; }
  const std::uint8_t* sha256() const { return head_.sha256; }
  std::uint32_t room() const { return memory_->bytes(); }

  // Whether Begin would leave the model as it is.
  bool Holds(std::uint32_t size, const std::uint8_t* sha256) const;
  Status Begin(std::uint32_t size, const std::uint8_t* sha256,
               std::uint32_t* offset);
  Status Write(std::uint32_t offset, const std::uint8_t* data, std::size_t size,
               std::uint32_t* next);
  Status End(std::uint8_t* sha256);
  Status Erase();

 private:
  bool IsThis(std::uint32_t size, const std::uint8_t* sha256) const;
  std::uint32_t FindEnd() const;

  SlotMemory* memory_ = nullptr;
  SlotHead head_;
  bool begun_ = false;    // head_ is valid
  bool checked_ = false;  // and so is the model
  std::uint32_t written_ = 0;
};

}  // namespace quantci

#endif  // BENCH_PROTOCOL_MODEL_SLOT_H_
