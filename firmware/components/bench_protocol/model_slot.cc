#include "bench_protocol/model_slot.h"

#include <cstring>

namespace quantci {

void ModelSlot::Open(SlotMemory* memory) {
  memory_ = memory;
  begun_ = memory_->ReadHead(&head_) && head_.size <= memory_->bytes();
  checked_ = false;
  written_ = 0;
  if (!begun_) return;
  if (!head_.complete) {
    written_ = FindEnd();
    return;
  }
  std::uint8_t digest[kSha256Size];
  Sha256(memory_->data(), head_.size, digest);
  checked_ = std::memcmp(digest, head_.sha256, kSha256Size) == 0;
  written_ = checked_ ? head_.size : 0;
  begun_ = checked_;
}

// After a restart in the middle of an upload: the start of the last page of
// flash that is not blank. That page may be half written; the same bytes are
// written over it again.
std::uint32_t ModelSlot::FindEnd() const {
  constexpr std::uint32_t kPage = 256;
  const std::uint8_t* data = memory_->data();
  std::uint32_t end = head_.size;
  while (end > 0 && data[end - 1] == 0xFF) --end;
  return end == 0 ? 0 : (end - 1) / kPage * kPage;
}

bool ModelSlot::IsThis(std::uint32_t size, const std::uint8_t* sha256) const {
  return begun_ && head_.size == size &&
         std::memcmp(head_.sha256, sha256, kSha256Size) == 0;
}

bool ModelSlot::Holds(std::uint32_t size, const std::uint8_t* sha256) const {
  return checked_ && IsThis(size, sha256);
}

Status ModelSlot::Begin(std::uint32_t size, const std::uint8_t* sha256,
                        std::uint32_t* offset) {
  if (size == 0 || size > memory_->bytes()) {
    return Status::Error(ErrorCode::kSize, "a model of 1 to %lu bytes fits",
                         static_cast<unsigned long>(memory_->bytes()));
  }
  if (!IsThis(size, sha256)) {
    SlotHead head;
    head.size = size;
    std::memcpy(head.sha256, sha256, kSha256Size);
    begun_ = checked_ = false;
    written_ = 0;
    if (!memory_->Prepare(head)) {
      return Status::Error(ErrorCode::kStorage, "could not be erased");
    }
    head_ = head;
    begun_ = true;
  }
  *offset = written_;
  return Status();
}

Status ModelSlot::Write(std::uint32_t offset, const std::uint8_t* data,
                        std::size_t size, std::uint32_t* next) {
  if (!begun_) return Status::Error(ErrorCode::kState, "BEGIN comes first");
  if (offset == written_ && size > 0) {
    if (size > head_.size - written_) {
      return Status::Error(ErrorCode::kSize, "BEGIN announced %lu bytes",
                           static_cast<unsigned long>(head_.size));
    }
    if (!memory_->Write(offset, data, size)) {
      return Status::Error(ErrorCode::kStorage, "could not be written");
    }
    written_ += static_cast<std::uint32_t>(size);
  }
  *next = written_;
  return Status();
}

Status ModelSlot::End(std::uint8_t* sha256) {
  if (!begun_) return Status::Error(ErrorCode::kState, "BEGIN comes first");
  if (written_ != head_.size) {
    return Status::Error(ErrorCode::kState, "%lu of %lu bytes have come",
                         static_cast<unsigned long>(written_),
                         static_cast<unsigned long>(head_.size));
  }
  Sha256(memory_->data(), head_.size, sha256);
  if (std::memcmp(sha256, head_.sha256, kSha256Size) != 0) {
    char text[2 * kSha256Size + 1];
    ToHex(sha256, text);
    const Status erased = Erase();
    return erased.ok() ? Status::Error(ErrorCode::kHash, "%s", text) : erased;
  }
  if (!checked_ && !memory_->SetComplete()) {
    return Status::Error(ErrorCode::kStorage, "could not be marked complete");
  }
  checked_ = true;
  return Status();
}

Status ModelSlot::Erase() {
  begun_ = checked_ = false;
  written_ = 0;
  if (!memory_->Clear()) {
    return Status::Error(ErrorCode::kStorage, "could not be erased");
  }
  return Status();
}

}  // namespace quantci
