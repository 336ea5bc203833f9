#include "platform/flash_slot.h"

#include <cstddef>
#include <cstring>

#include "bench_protocol/crc32.h"
#include "sdkconfig.h"

namespace quantci {
namespace {

constexpr std::uint32_t kSector = 4096;
constexpr std::uint32_t kMagic = 0x314D4251;  // "QBM1"

// Flash clears bits without erasing: `complete` is written later, over 0xFF.
struct StoredHead {
  std::uint32_t magic;
  std::uint32_t size;
  std::uint8_t sha256[kSha256Size];
  std::uint32_t crc;  // of what stands before it
  std::uint32_t complete;
};
constexpr std::uint32_t kComplete = 0;

std::uint32_t Check(const StoredHead& head) {
  return Crc32(&head, offsetof(StoredHead, crc));
}

}  // namespace

bool FlashSlot::Open(const char* label) {
  partition_ = esp_partition_find_first(ESP_PARTITION_TYPE_DATA,
                                        ESP_PARTITION_SUBTYPE_ANY, label);
  return partition_ != nullptr && partition_->size > kSector && Map();
}

bool FlashSlot::Map() const {
  const void* mapped = nullptr;
  if (esp_partition_mmap(partition_, 0, partition_->size,
                         ESP_PARTITION_MMAP_DATA, &mapped,
                         &handle_) != ESP_OK) {
    return false;
  }
  mapped_ = static_cast<const std::uint8_t*>(mapped);
  is_stale_ = false;
  return true;
}

std::uint32_t FlashSlot::bytes() const { return partition_->size - kSector; }

const std::uint8_t* FlashSlot::data() const {
#if CONFIG_QUANTCI_EMULATED
  if (is_stale_) {
    esp_partition_munmap(handle_);
    Map();  // where it was: there is room
  }
#endif
  return mapped_ + kSector;
}

bool FlashSlot::ReadHead(SlotHead* head) {
  StoredHead stored;
  if (esp_partition_read(partition_, 0, &stored, sizeof(stored)) != ESP_OK ||
      stored.magic != kMagic || stored.crc != Check(stored)) {
    return false;
  }
  head->size = stored.size;
  std::memcpy(head->sha256, stored.sha256, kSha256Size);
  head->complete = stored.complete == kComplete;
  return true;
}

bool FlashSlot::Prepare(const SlotHead& head) {
  is_stale_ = true;
  // The head's sector last: until then the slot holds nothing.
  const std::uint32_t size = (head.size + kSector - 1) / kSector * kSector;
  if (!Clear() ||
      esp_partition_erase_range(partition_, kSector, size) != ESP_OK) {
    return false;
  }
  StoredHead stored;
  stored.magic = kMagic;
  stored.size = head.size;
  std::memcpy(stored.sha256, head.sha256, kSha256Size);
  stored.crc = Check(stored);
  return esp_partition_write(partition_, 0, &stored,
                             offsetof(StoredHead, complete)) == ESP_OK;
}

bool FlashSlot::Write(std::uint32_t offset, const std::uint8_t* data,
                      std::size_t size) {
  is_stale_ = true;
  return esp_partition_write(partition_, kSector + offset, data, size) ==
         ESP_OK;
}

bool FlashSlot::SetComplete() {
  is_stale_ = true;
  return esp_partition_write(partition_, offsetof(StoredHead, complete),
                             &kComplete, sizeof(kComplete)) == ESP_OK;
}

bool FlashSlot::Clear() {
  is_stale_ = true;
  return esp_partition_erase_range(partition_, 0, kSector) == ESP_OK;
}

}  // namespace quantci
