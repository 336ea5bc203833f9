// A model slot in memory, which behaves as flash does.
#ifndef HOST_RAM_SLOT_H_
#define HOST_RAM_SLOT_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>

#include "bench_protocol/interfaces.h"

namespace quantci {

class RamSlot final : public SlotMemory {
 public:
  explicit RamSlot(std::uint32_t bytes)
      : bytes_(bytes), data_(new (std::align_val_t{16}) std::uint8_t[bytes]) {}

  std::uint32_t bytes() const override { return bytes_; }
  const std::uint8_t* data() const override { return data_.get(); }
  bool ReadHead(SlotHead* head) override {
    *head = head_;
    return begun_;
  }
  bool Prepare(const SlotHead& head) override {
    std::fill_n(data_.get(), bytes_, std::uint8_t{0xFF});
    head_ = head;
    begun_ = true;
    return true;
  }
  bool Write(std::uint32_t offset, const std::uint8_t* data,
             std::size_t size) override {
    if (offset > bytes_ || size > bytes_ - offset) return false;
    std::memcpy(data_.get() + offset, data, size);
    return true;
  }
  bool SetComplete() override {
    head_.complete = true;
    return true;
  }
  bool Clear() override {
    begun_ = false;
    return true;
  }

 private:
  struct Free {
    void operator()(std::uint8_t* data) const {
      ::operator delete[](data, std::align_val_t{16});
    }
  };

  std::uint32_t bytes_;
  std::unique_ptr<std::uint8_t[], Free> data_;
  SlotHead head_;
  bool begun_ = false;
};

}  // namespace quantci

#endif  // HOST_RAM_SLOT_H_
