#include "bench_protocol/bench.h"

#include <cstring>

#include "bench_protocol/crc32.h"

namespace quantci {

ModelSlot* Bench::slot(std::uint8_t index) {
  return index < slot_count_ ? &slots_[index] : nullptr;
}

void Bench::Release(std::uint8_t slot) {
  if (selected_ && selection_.slot == slot) {
    runner_->Unload();
    selected_ = false;
  }
}

Status Bench::Select(const Selection& selection) {
  const ModelSlot* chosen = slot(selection.slot);
  if (chosen == nullptr || !chosen->holds_model()) {
    return Status::Error(ErrorCode::kSlot, "slot %u holds no model",
                         selection.slot);
  }
  runner_->Unload();
  selected_ = false;
  inputs_.Forget();
  times_.Clear();
  has_output_ = false;
  Status status;
  const std::uint8_t* model = Place(*chosen, selection.place, &status);
  if (!status.ok()) return status;
  status = runner_->Load(model, chosen->size(), selection.region,
                         selection.arena_bytes);
  if (!status.ok()) return status;
  status = Arrange();
  if (!status.ok()) {
    runner_->Unload();
    return status;
  }
  selection_ = selection;
  selected_ = true;
  platform_->SaveSelection(selection);
  return status;
}

const std::uint8_t* Bench::Place(const ModelSlot& slot, ModelPlace place,
                                 Status* status) {
  if (place == ModelPlace::kFlash) return slot.data();
  if (slot.size() > model_bytes_) {
    *status =
        Status::Error(ErrorCode::kPlace, "%lu bytes, PSRAM has room for %lu",
                      static_cast<unsigned long>(slot.size()),
                      static_cast<unsigned long>(model_bytes_));
    return nullptr;
  }
  std::memcpy(model_, slot.data(), slot.size());
  return model_;
}

Status Bench::Arrange() {
  const ModelDescription model = runner_->description();
  if (model.inputs > kMaxTensors || model.outputs > kMaxTensors) {
    return Status::Error(ErrorCode::kSize, "more than %u inputs or outputs",
                         kMaxTensors);
  }
  output_size_ = 0;
  for (std::uint8_t i = 0; i < model.outputs; ++i) {
    output_size_ += runner_->output(i).bytes;
  }
  return inputs_.Arrange(*runner_);
}

bool Bench::SelectLast() {
  Selection last;
  if (!selected_ && platform_->LoadSelection(&last)) Select(last);
  return selected_;
}

const char* Bench::model_id() {
  if (!selected_ && !platform_->LoadSelection(&selection_)) return "none";
  return selection_.model_id[0] != 0 ? selection_.model_id : "none";
}

Status Bench::LoadInput(std::uint8_t index, std::uint32_t offset,
                        const std::uint8_t* data, std::size_t size,
                        std::uint32_t* next) {
  if (!selected_)
    return Status::Error(ErrorCode::kState, "nothing is selected");
  return inputs_.Load(index, offset, data, size, next);
}

Status Bench::LoadInputs(const std::uint8_t* data, std::size_t size) {
  if (!selected_)
    return Status::Error(ErrorCode::kState, "nothing is selected");
  return inputs_.LoadAll(data, size);
}

Status Bench::CheckReady() const {
  if (!selected_)
    return Status::Error(ErrorCode::kState, "nothing is selected");
  if (!inputs_.loaded()) {
    return Status::Error(ErrorCode::kState, "not all inputs are loaded");
  }
  return Status();
}

// Each inference stands alone, as on the host: what the last one left is
// forgotten, and the input written again, whose memory TFLM may have used.
Status Bench::Once(OpMode mode, IterationTime* time) {
  const Status reset = runner_->ResetState();
  if (!reset.ok()) return reset;
  inputs_.WriteTo(runner_);
  const Instant start = platform_->Now();
  const Status status = runner_->Invoke(mode);
  const Instant end = platform_->Now();
  if (time != nullptr) {
    time->cycles = end.cycles - start.cycles;
    time->microseconds = end.microseconds - start.microseconds;
  }
  return status;
}

Status Bench::Repeat(std::uint32_t iterations) {
  Status status = CheckReady();
  for (std::uint32_t i = 0; i < iterations && status.ok(); ++i) {
    status = Once(OpMode::kNone, nullptr);
    has_output_ = has_output_ || status.ok();
  }
  return status;
}

Status Bench::Tell(IterationListener* listener) const {
  if (listener == nullptr || listener->OnIteration(times_.count()))
    return Status();
  return Status::Error(ErrorCode::kCancelled, "cancelled");
}

Status Bench::Measure(std::uint32_t warm_up, std::uint32_t iterations,
                      IterationListener* listener) {
  times_.Clear();
  if (iterations > times_.room()) {
    return Status::Error(ErrorCode::kSize, "max_iterations is %lu",
                         static_cast<unsigned long>(times_.room()));
  }
  Status status = CheckReady();
  for (std::uint32_t i = 0; i < warm_up && status.ok(); ++i) {
    status = Once(OpMode::kNone, nullptr);
    has_output_ = has_output_ || status.ok();
    if (status.ok()) status = Tell(listener);
  }
  for (std::uint32_t i = 0; i < iterations && status.ok(); ++i) {
    IterationTime time;
    status = Once(OpMode::kNone, &time);
    if (!status.ok()) break;
    has_output_ = true;
    times_.Add(time);
    status = Tell(listener);
  }
  return status.ok() ? times_.Check(platform_->cycles_hz()) : status;
}

Status Bench::InspectOps(OpMode mode, std::uint32_t iterations,
                         IterationListener* listener) {
  Status status = CheckReady();
  for (std::uint32_t i = 0; i < iterations && status.ok(); ++i) {
    status = Once(mode, nullptr);
    if (status.ok()) status = Tell(listener);
  }
  return status;
}

std::uint32_t Bench::OutputCrc() const {
  std::uint32_t crc = 0;
  for (std::uint8_t i = 0; i < runner_->description().outputs; ++i) {
    crc = Crc32(runner_->output_data(i), runner_->output(i).bytes, crc);
  }
  return crc;
}

}  // namespace quantci
