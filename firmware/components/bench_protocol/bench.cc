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
  inputs_ = nullptr;
  measured_ = 0;
  has_output_ = false;
  Status status = runner_->Load(chosen->data(), chosen->size(),
                                selection.region, selection.arena_bytes);
  if (!status.ok()) return status;

  const ModelDescription model = runner_->description();
  if (model.inputs > kMaxTensors || model.outputs > kMaxTensors) {
    runner_->Unload();
    return Status::Error(ErrorCode::kSize, "more than %u inputs or outputs",
                         kMaxTensors);
  }
  std::uint64_t size = 0;
  for (std::uint8_t i = 0; i < model.inputs; ++i) {
    input_at_[i] = static_cast<std::uint32_t>(size);
    input_bytes_[i] = runner_->input(i).bytes;
    next_[i] = 0;
    size += input_bytes_[i];
  }
  if (size > memory_.input_bytes) {
    runner_->Unload();
    return Status::Error(ErrorCode::kSize,
                         "%llu bytes of inputs, max_input is %lu",
                         static_cast<unsigned long long>(size),
                         static_cast<unsigned long>(memory_.input_bytes));
  }
  input_size_ = static_cast<std::uint32_t>(size);
  output_size_ = 0;
  for (std::uint8_t i = 0; i < model.outputs; ++i) {
    output_size_ += runner_->output(i).bytes;
  }
  selection_ = selection;
  selected_ = true;
  platform_->SaveSelection(selection);
  return status;
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
  const ModelDescription model = runner_->description();
  if (index >= model.inputs) {
    return Status::Error(ErrorCode::kIndex, "there are %u inputs",
                         model.inputs);
  }
  if (offset == 0 || offset == next_[index]) {
    if (offset > input_bytes_[index] || size > input_bytes_[index] - offset) {
      return Status::Error(ErrorCode::kSize, "input %u has %lu bytes", index,
                           static_cast<unsigned long>(input_bytes_[index]));
    }
    if (size > 0) {
      std::memcpy(memory_.input + input_at_[index] + offset, data, size);
    }
    next_[index] = offset + static_cast<std::uint32_t>(size);
    text_bytes_ = 0;
    bool loaded = true;
    for (std::uint8_t i = 0; i < model.inputs; ++i) {
      loaded = loaded && next_[i] == input_bytes_[i];
    }
    inputs_ = loaded ? memory_.input : nullptr;
  }
  *next = next_[index];
  return Status();
}

Status Bench::LoadInputs(const std::uint8_t* data, std::size_t size) {
  if (!selected_)
    return Status::Error(ErrorCode::kState, "nothing is selected");
  if (size != input_size_) {
    return Status::Error(ErrorCode::kLength, "the inputs have %lu bytes",
                         static_cast<unsigned long>(input_size_));
  }
  for (std::uint8_t i = 0; i < runner_->description().inputs; ++i) {
    std::uint32_t next = 0;
    const Status status =
        LoadInput(i, 0, data + input_at_[i], input_bytes_[i], &next);
    if (!status.ok()) return status;
  }
  return Status();
}

void Bench::SetTextBytes(std::uint32_t bytes) {
  text_bytes_ = bytes;
  inputs_ = nullptr;
  std::memset(next_, 0, sizeof(next_));
}

void Bench::UseInputs(const std::uint8_t* inputs) { inputs_ = inputs; }

Status Bench::CheckReady() const {
  if (!selected_)
    return Status::Error(ErrorCode::kState, "nothing is selected");
  if (inputs_ == nullptr) {
    return Status::Error(ErrorCode::kState, "not all inputs are loaded");
  }
  return Status();
}

// Each inference stands alone, as on the host: what the last one left is
// forgotten, and the input written again, whose memory TFLM may have used.
Status Bench::Once(OpMode mode, IterationTime* time) {
  const Status reset = runner_->ResetState();
  if (!reset.ok()) return reset;
  const std::uint8_t inputs = runner_->description().inputs;
  for (std::uint8_t i = 0; i < inputs; ++i) {
    std::memcpy(runner_->input_data(i), inputs_ + input_at_[i],
                input_bytes_[i]);
  }
  const std::uint64_t start_us = platform_->Microseconds();
  const std::uint64_t start_cycles = platform_->Cycles();
  const Status status = runner_->Invoke(mode);
  const std::uint64_t end_cycles = platform_->Cycles();
  const std::uint64_t end_us = platform_->Microseconds();
  if (time != nullptr) {
    time->cycles = end_cycles - start_cycles;
    time->microseconds = end_us - start_us;
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
  if (listener == nullptr || listener->OnIteration(measured_)) return Status();
  return Status::Error(ErrorCode::kCancelled, "cancelled");
}

Status Bench::Measure(std::uint32_t warm_up, std::uint32_t iterations,
                      IterationListener* listener) {
  measured_ = 0;
  if (iterations > memory_.max_iterations) {
    return Status::Error(ErrorCode::kSize, "max_iterations is %lu",
                         static_cast<unsigned long>(memory_.max_iterations));
  }
  Status status = CheckReady();
  for (std::uint32_t i = 0; i < warm_up && status.ok(); ++i) {
    status = Once(OpMode::kNone, nullptr);
    has_output_ = has_output_ || status.ok();
    if (status.ok()) status = Tell(listener);
  }
  for (std::uint32_t i = 0; i < iterations && status.ok(); ++i) {
    status = Once(OpMode::kNone, &memory_.times[i]);
    if (!status.ok()) break;
    has_output_ = true;
    measured_ = i + 1;
    status = Tell(listener);
  }
  return status.ok() ? CheckTimer() : status;
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

IterationTime Bench::Sum() const {
  IterationTime sum;
  for (std::uint32_t i = 0; i < measured_; ++i) {
    sum.cycles += memory_.times[i].cycles;
    sum.microseconds += memory_.times[i].microseconds;
  }
  return sum;
}

// Two counters that run on their own agree to 1 %, and to the microsecond on
// either side of an iteration.
Status Bench::CheckTimer() const {
  const std::uint64_t hz = platform_->cycles_hz();
  if (hz == 0 || measured_ == 0) return Status();
  const IterationTime sum = Sum();
  const double by_cycles =
      static_cast<double>(sum.cycles) * 1e6 / static_cast<double>(hz);
  const double by_clock = static_cast<double>(sum.microseconds);
  const double apart =
      by_cycles > by_clock ? by_cycles - by_clock : by_clock - by_cycles;
  if (sum.cycles == 0 || apart > by_clock / 100 + 2.0 * measured_) {
    return Status::Error(ErrorCode::kTimer, "%llu cycles in %llu us",
                         static_cast<unsigned long long>(sum.cycles),
                         static_cast<unsigned long long>(sum.microseconds));
  }
  return Status();
}

std::uint32_t Bench::OutputCrc() const {
  std::uint32_t crc = 0;
  for (std::uint8_t i = 0; i < runner_->description().outputs; ++i) {
    crc = Crc32(runner_->output_data(i), runner_->output(i).bytes, crc);
  }
  return crc;
}

}  // namespace quantci
