// A model slot in a partition of flash: a sector that says what it holds, then
// the model, which is read where it lies.
#ifndef PLATFORM_FLASH_SLOT_H_
#define PLATFORM_FLASH_SLOT_H_

#include <cstdint>

#include "bench_protocol/interfaces.h"
#include "esp_partition.h"

namespace quantci {

class FlashSlot final : public SlotMemory {
 public:
  // False: there is no such partition, or it cannot be mapped.
  bool Open(const char* label);

  std::uint32_t bytes() const override;
  const std::uint8_t* data() const override;
  bool ReadHead(SlotHead* head) override;
  bool Prepare(const SlotHead& head) override;
  bool Write(std::uint32_t offset, const std::uint8_t* data,
             std::size_t size) override;
  bool SetComplete() override;
  bool Clear() override;

 private:
  bool Map() const;

  const esp_partition_t* partition_ = nullptr;
  mutable const std::uint8_t* mapped_ = nullptr;
  mutable esp_partition_mmap_handle_t handle_ = 0;
  // Espressif's QEMU reads flash when it is mapped, and what is written later
  // it does not see there: it is mapped again then.
  mutable bool is_stale_ = false;
};

}  // namespace quantci

#endif  // PLATFORM_FLASH_SLOT_H_
