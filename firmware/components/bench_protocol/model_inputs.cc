#include "bench_protocol/model_inputs.h"

#include <cstring>

namespace quantci {

Status ModelInputs::Arrange(const ModelRunner& runner) {
  const ModelDescription model = runner.description();
  std::uint64_t size = 0;
  for (std::uint8_t i = 0; i < model.inputs; ++i) {
    start_[i] = static_cast<std::uint32_t>(size);
    bytes_[i] = runner.input(i).bytes;
    next_[i] = 0;
    size += bytes_[i];
  }
  if (size > room_) {
    return Status::Error(ErrorCode::kSize,
                         "%llu bytes of inputs, max_input is %lu",
                         static_cast<unsigned long long>(size),
                         static_cast<unsigned long>(room_));
  }
  count_ = model.inputs;
  size_ = static_cast<std::uint32_t>(size);
  return Status();
}

Status ModelInputs::Load(std::uint8_t index, std::uint32_t offset,
                         const std::uint8_t* data, std::size_t size,
                         std::uint32_t* next) {
  if (index >= count_) {
    return Status::Error(ErrorCode::kIndex, "there are %u inputs", count_);
  }
  if (offset == 0 || offset == next_[index]) {
    if (offset > bytes_[index] || size > bytes_[index] - offset) {
      return Status::Error(ErrorCode::kSize, "input %u has %lu bytes", index,
                           static_cast<unsigned long>(bytes_[index]));
    }
    if (size > 0) {
      std::memcpy(memory_ + start_[index] + offset, data, size);
    }
    next_[index] = offset + static_cast<std::uint32_t>(size);
    text_bytes_ = 0;
    bool all = true;
    for (std::uint8_t i = 0; i < count_; ++i) {
      all = all && next_[i] == bytes_[i];
    }
    inputs_ = all ? memory_ : nullptr;
  }
  *next = next_[index];
  return Status();
}

Status ModelInputs::LoadAll(const std::uint8_t* data, std::size_t size) {
  if (size != size_) {
    return Status::Error(ErrorCode::kLength, "the inputs have %lu bytes",
                         static_cast<unsigned long>(size_));
  }
  for (std::uint8_t i = 0; i < count_; ++i) {
    std::uint32_t next = 0;
    const Status status = Load(i, 0, data + start_[i], bytes_[i], &next);
    if (!status.ok()) return status;
  }
  return Status();
}

void ModelInputs::WriteTo(ModelRunner* runner) const {
  for (std::uint8_t i = 0; i < count_; ++i) {
    std::memcpy(runner->input_data(i), inputs_ + start_[i], bytes_[i]);
  }
}

void ModelInputs::SetTextBytes(std::uint32_t bytes) {
  text_bytes_ = bytes;
  inputs_ = nullptr;
  std::memset(next_, 0, sizeof(next_));
}

}  // namespace quantci
