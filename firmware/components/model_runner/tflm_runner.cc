#include "model_runner/tflm_runner.h"

#include "model_runner/checked_arena.h"
#include "model_runner/tflm_log.h"
#include "model_runner/tflm_model.h"
#include "tensorflow/lite/micro/micro_allocator.h"
#include "tensorflow/lite/micro/micro_resource_variable.h"
#include "tensorflow/lite/schema/schema_utils.h"

namespace quantci {

std::uint32_t TflmRunner::arena_bytes(ArenaRegion region) const {
  return region == ArenaRegion::kInternal ? memory_.internal_bytes
                                          : memory_.psram_bytes;
}

void TflmRunner::WriteFacts(ByteWriter* text) {
  text->Text("engine=tflm\nkernels=" QUANTCI_KERNELS "\n");
#ifdef QUANTCI_TFLM_VERSION
  text->Text("tflm=" QUANTCI_TFLM_VERSION "\n");
#endif
#ifdef QUANTCI_ESP_NN_VERSION
  text->Text("esp_nn=" QUANTCI_ESP_NN_VERSION "\n");
#endif
}

void TflmRunner::Unload() {
  interpreter_.reset();
  model_ = nullptr;
  description_ = ModelDescription();
}

Status TflmRunner::Load(const std::uint8_t* model, std::uint32_t size,
                        ArenaRegion region, std::uint32_t arena_bytes) {
  Unload();
  ClearTflmLog();
  const std::uint32_t room = this->arena_bytes(region);
  if (room == 0) {
    return Status::Error(
        ErrorCode::kMemory, "the device has no arena in %s",
        region == ArenaRegion::kPsram ? "PSRAM" : "internal memory");
  }
  if (arena_bytes > room) {
    return Status::Error(ErrorCode::kMemory, "the region has %lu bytes",
                         static_cast<unsigned long>(room));
  }
  Status status = CheckModel(model, size, ops_);
  if (!status.ok()) return status;
  model_ = tflite::GetModel(model);
  status = AllocateIn(region, arena_bytes == 0 ? room : arena_bytes);
  if (!status.ok()) Unload();
  return status;
}

std::uint8_t* TflmRunner::arena(ArenaRegion region) const {
  return region == ArenaRegion::kInternal ? memory_.internal : memory_.psram;
}

// What the model needs is found in the largest arena first, to be told.
Status TflmRunner::AllocateIn(ArenaRegion region, std::uint32_t bytes) {
  const ArenaRegion largest = memory_.psram_bytes > memory_.internal_bytes
                                  ? ArenaRegion::kPsram
                                  : ArenaRegion::kInternal;
  const std::uint32_t most = arena_bytes(largest);
  if (bytes < most) {
    Status status = Allocate(arena(largest), most);
    if (!status.ok()) return status;
    const std::uint32_t used = description_.arena_used;
    if (used > bytes) {
      return Status::Error(ErrorCode::kArena, "%lu bytes are needed, %lu given",
                           static_cast<unsigned long>(used),
                           static_cast<unsigned long>(bytes));
    }
    ClearTflmLog();
  }
  return Allocate(arena(region), bytes);
}

Status TflmRunner::Allocate(std::uint8_t* arena, std::uint32_t bytes) {
  const int variables = CountVariables(*model_);
  // Its own first objects it does not check at all.
  const std::size_t least = tflite::MicroAllocator::GetDefaultTailUsage(false) +
                            64 + 32 * static_cast<std::size_t>(variables);
  if (bytes < least) {
    return Status::Error(ErrorCode::kArena, "TFLM itself takes %lu bytes",
                         static_cast<unsigned long>(least));
  }
  tflite::MicroAllocator* allocator = CreateCheckedAllocator(arena, bytes);
  // Only where they are used: they take arena.
  tflite::MicroResourceVariables* resources =
      variables == 0
          ? nullptr
          : tflite::MicroResourceVariables::Create(allocator, variables);
  tflite::MicroProfilerInterface* profiler = &profiler_;
  interpreter_.reset();
  interpreter_.emplace(model_, ops_, allocator, resources, profiler);
  if (interpreter_->AllocateTensors() != kTfLiteOk || ArenaSpilled()) {
    return Status::Error(ErrorCode::kArena, "%lu bytes are too few: %s",
                         static_cast<unsigned long>(bytes), TflmLog());
  }
  description_.arena_used =
      static_cast<std::uint32_t>(interpreter_->arena_used_bytes());
  description_.arena_given = bytes;
  description_.ops = static_cast<std::uint16_t>(OpCount(*model_));
  has_state_ = HasState(*model_);
  description_.inputs = static_cast<std::uint8_t>(interpreter_->inputs_size());
  description_.outputs =
      static_cast<std::uint8_t>(interpreter_->outputs_size());
  profiler_.Clear();
  return Status();
}

TensorDescription TflmRunner::Describe(std::int32_t tensor,
                                       const TfLiteTensor& at) const {
  TensorDescription description;
  description.type =
      static_cast<std::uint8_t>(MainGraph(*model_)
                                    .tensors()
                                    ->Get(static_cast<std::uint32_t>(tensor))
                                    ->type());
  for (int i = 0; i < at.dims->size && i < static_cast<int>(kMaxRank); ++i) {
    description.extent[description.rank++] =
        static_cast<std::uint32_t>(at.dims->data[i]);
  }
  description.bytes = static_cast<std::uint32_t>(at.bytes);
  description.scale = at.params.scale;
  description.zero_point = at.params.zero_point;
  return description;
}

TensorDescription TflmRunner::input(std::uint8_t index) const {
  return Describe(interpreter_->inputs().Get(index),
                  *interpreter_->input(index));
}

TensorDescription TflmRunner::output(std::uint8_t index) const {
  return Describe(interpreter_->outputs().Get(index),
                  *interpreter_->output(index));
}

std::uint8_t* TflmRunner::input_data(std::uint8_t index) {
  return interpreter_->input(index)->data.uint8;
}

const std::uint8_t* TflmRunner::output_data(std::uint8_t index) const {
  return interpreter_->output(index)->data.uint8;
}

// The host's rule: only where a tensor is variable (SVDF, LSTM). What ASSIGN
// wrote to a VAR_HANDLE stays until the next SELECT: TFLM would set it to zero,
// and never run the CALL_ONCE again that gave it its first value.
Status TflmRunner::ResetState() {
  if (!has_state_ || interpreter_->Reset() == kTfLiteOk) return Status();
  const Status status = Status::Error(ErrorCode::kInvoke, "%s", TflmLog());
  ClearTflmLog();
  return status;
}

Status TflmRunner::Invoke(OpMode mode) {
  profiler_.Start(mode, model_, &*interpreter_);
  const bool right = interpreter_->Invoke() == kTfLiteOk;
  profiler_.Stop();
  if (right) return Status();
  const Status status = Status::Error(ErrorCode::kInvoke, "%s", TflmLog());
  ClearTflmLog();
  return status;
}

OpFigures TflmRunner::op(std::uint16_t index) const {
  OpFigures figures = profiler_.op(index);
  const std::uint32_t code =
      MainGraph(*model_).operators()->Get(index)->opcode_index();
  figures.code = static_cast<std::uint16_t>(
      tflite::GetBuiltinCode(model_->operator_codes()->Get(code)));
  return figures;
}

}  // namespace quantci
