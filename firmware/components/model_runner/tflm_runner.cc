#include "model_runner/tflm_runner.h"

#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "bench_protocol/crc32.h"
#include "tensorflow/lite/micro/arena_allocator/single_arena_buffer_allocator.h"
#include "tensorflow/lite/micro/memory_helpers.h"
#include "tensorflow/lite/micro/memory_planner/greedy_memory_planner.h"
#include "tensorflow/lite/micro/micro_allocator.h"
#include "tensorflow/lite/micro/micro_resource_variable.h"
#include "tensorflow/lite/schema/schema_generated.h"
#include "tensorflow/lite/schema/schema_utils.h"

namespace {

// What TFLM says on the way to an error: it goes to the host in the reply, and
// not among the bytes on the port.
char tflm_log[128];
std::size_t tflm_log_size = 0;

void ClearLog() { tflm_log_size = tflm_log[0] = 0; }

const char* Log() { return tflm_log; }

}  // namespace

// Both, because TFLM has them in one file: with one of them ours, the linker
// would find the other twice.
extern "C" void DebugLog(const char* format, va_list arguments) {
  char text[128];
  std::vsnprintf(text, sizeof(text), format, arguments);
  for (const char* at = text; *at != 0; ++at) {
    if (tflm_log_size + 1 >= sizeof(tflm_log) || *at == '\r') continue;
    tflm_log[tflm_log_size++] = *at == '\n' ? ' ' : *at;
    tflm_log[tflm_log_size] = 0;
  }
}

extern "C" int DebugVsnprintf(char* buffer, std::size_t size,
                              const char* format, va_list arguments) {
  return std::vsnprintf(buffer, size, format, arguments);
}

namespace quantci {
namespace {

// TFLM does not check most of its small allocations: in an arena that is too
// small it writes to null. So what finds no room goes here, and the model is
// refused afterwards. As large as the arena's own allocator, for the arena's
// use to be the same: what it needs beside stands in statics.
class Arena final : public tflite::SingleArenaBufferAllocator {
 public:
  using SingleArenaBufferAllocator::SingleArenaBufferAllocator;

  static Arena* Create(std::uint8_t* bytes, std::size_t size) {
    spilled_ = 0;
    Arena made(bytes, size);
    return new (made.AllocatePersistentBuffer(sizeof(Arena), alignof(Arena)))
        Arena(made);
  }

  std::uint8_t* AllocatePersistentBuffer(std::size_t size,
                                         std::size_t alignment) override {
    std::uint8_t* found =
        SingleArenaBufferAllocator::AllocatePersistentBuffer(size, alignment);
    if (found != nullptr) return found;
    const std::size_t start =
        (spilled_ + alignment - 1) / alignment * alignment;
    if (size > sizeof(spill_) || start > sizeof(spill_) - size) return nullptr;
    spilled_ = start + size;
    return spill_ + start;
  }

  static std::size_t spilled() { return spilled_; }

 private:
  alignas(16) static std::uint8_t spill_[16u << 10];
  static std::size_t spilled_;
};

alignas(16) std::uint8_t Arena::spill_[16u << 10];
std::size_t Arena::spilled_ = 0;
static_assert(sizeof(Arena) == sizeof(tflite::SingleArenaBufferAllocator), "");

// Only for `new`: TFLM keeps its `delete` private, and nobody deletes.
class Planner final : public tflite::GreedyMemoryPlanner {
 public:
  static void operator delete(void*) {}
};
static_assert(sizeof(Planner) == sizeof(tflite::GreedyMemoryPlanner), "");

tflite::MicroAllocator* CreateAllocator(std::uint8_t* bytes, std::size_t size) {
  Arena* arena = Arena::Create(bytes, size);
  Planner* planner = new (arena->AllocatePersistentBuffer(
      sizeof(Planner), alignof(Planner))) Planner();
  return tflite::MicroAllocator::Create(arena, planner);
}

}  // namespace

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
  ClearLog();
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
  flatbuffers::Verifier verifier(model, size);
  if (!tflite::VerifyModelBuffer(verifier)) {
    return Status::Error(ErrorCode::kModel, "not a TFLite flatbuffer");
  }
  model_ = tflite::GetModel(model);
  if (model_->version() != TFLITE_SCHEMA_VERSION ||
      model_->subgraphs() == nullptr || model_->subgraphs()->size() == 0 ||
      model_->operator_codes() == nullptr || model_->buffers() == nullptr) {
    model_ = nullptr;
    return Status::Error(ErrorCode::kModel, "not of schema version %d",
                         TFLITE_SCHEMA_VERSION);
  }
  Status status = CheckOps();
  if (status.ok()) {
    status = AllocateIn(region, arena_bytes == 0 ? room : arena_bytes);
  }
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
    ClearLog();
  }
  return Allocate(arena(region), bytes);
}

Status TflmRunner::CheckOps() const {
  for (const tflite::OperatorCode* code : *model_->operator_codes()) {
    const tflite::BuiltinOperator builtin = tflite::GetBuiltinCode(code);
    if (builtin != tflite::BuiltinOperator_CUSTOM) {
      if (builtin < 0 || builtin > tflite::BuiltinOperator_MAX) {
        return Status::Error(ErrorCode::kOp, "%d", static_cast<int>(builtin));
      }
      if (ops_.FindOp(builtin) == nullptr) {
        return Status::Error(ErrorCode::kOp, "%s",
                             tflite::EnumNameBuiltinOperator(builtin));
      }
    } else if (code->custom_code() == nullptr ||
               ops_.FindOp(code->custom_code()->c_str()) == nullptr) {
      return Status::Error(ErrorCode::kOp, "%s",
                           code->custom_code() == nullptr
                               ? "CUSTOM"
                               : code->custom_code()->c_str());
    }
  }
  return Status();
}

Status TflmRunner::Allocate(std::uint8_t* arena, std::uint32_t bytes) {
  const tflite::SubGraph* graph = model_->subgraphs()->Get(0);
  int variables = 0;
  const std::uint32_t ops =
      graph->operators() == nullptr ? 0 : graph->operators()->size();
  for (std::uint32_t i = 0; i < ops; ++i) {
    const std::uint32_t code = graph->operators()->Get(i)->opcode_index();
    if (code < model_->operator_codes()->size() &&
        tflite::GetBuiltinCode(model_->operator_codes()->Get(code)) ==
            tflite::BuiltinOperator_VAR_HANDLE) {
      ++variables;
    }
  }
  // Its own first objects it does not check at all.
  const std::size_t least = tflite::MicroAllocator::GetDefaultTailUsage(false) +
                            64 + 32 * static_cast<std::size_t>(variables);
  if (bytes < least) {
    return Status::Error(ErrorCode::kArena, "TFLM itself takes %lu bytes",
                         static_cast<unsigned long>(least));
  }
  tflite::MicroAllocator* allocator = CreateAllocator(arena, bytes);
  // Only where they are used: they take arena.
  tflite::MicroResourceVariables* resources =
      variables == 0
          ? nullptr
          : tflite::MicroResourceVariables::Create(allocator, variables);
  tflite::MicroProfilerInterface* profiler = this;
  interpreter_.reset();
  interpreter_.emplace(model_, ops_, allocator, resources, profiler);
  if (interpreter_->AllocateTensors() != kTfLiteOk || Arena::spilled() > 0) {
    return Status::Error(ErrorCode::kArena, "%lu bytes are too few: %s",
                         static_cast<unsigned long>(bytes), Log());
  }
  description_.arena_used =
      static_cast<std::uint32_t>(interpreter_->arena_used_bytes());
  description_.arena_given = bytes;
  description_.ops = static_cast<std::uint16_t>(ops);
  has_state_ = false;
  for (const tflite::Tensor* tensor : *graph->tensors()) {
    has_state_ = has_state_ || tensor->is_variable();
  }
  description_.inputs = static_cast<std::uint8_t>(interpreter_->inputs_size());
  description_.outputs =
      static_cast<std::uint8_t>(interpreter_->outputs_size());
  ClearOps();
  return Status();
}

TensorDescription TflmRunner::Describe(std::int32_t tensor,
                                       const TfLiteTensor& at) const {
  TensorDescription description;
  description.type =
      static_cast<std::uint8_t>(model_->subgraphs()
                                    ->Get(0)
                                    ->tensors()
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
  const Status status = Status::Error(ErrorCode::kInvoke, "%s", Log());
  ClearLog();
  return status;
}

Status TflmRunner::Invoke(OpMode mode) {
  mode_ = mode;
  depth_ = 0;
  current_op_ = 0;
  const bool right = interpreter_->Invoke() == kTfLiteOk;
  mode_ = OpMode::kNone;
  if (right) return Status();
  const Status status = Status::Error(ErrorCode::kInvoke, "%s", Log());
  ClearLog();
  return status;
}

std::uint32_t TflmRunner::BeginEvent(const char*) {
  if (mode_ != OpMode::kNone && depth_++ == 0) op_start_ = clock_->Cycles();
  return 0;
}

void TflmRunner::EndEvent(std::uint32_t) {
  if (mode_ == OpMode::kNone || --depth_ != 0) return;
  const std::uint64_t end = clock_->Cycles();
  const std::uint16_t index = current_op_++;
  if (index >= memory_.max_ops) return;
  OpFigures& op = memory_.ops[index];
  if (mode_ == OpMode::kCycles) {
    op.cycles += end - op_start_;
    ++op.iterations;
  } else {
    op.crc = HashOutputs(index);
  }
}

std::uint32_t TflmRunner::HashOutputs(std::uint16_t op) {
  std::uint32_t crc = 0;
  const auto* outputs =
      model_->subgraphs()->Get(0)->operators()->Get(op)->outputs();
  if (outputs == nullptr) return crc;
  for (const std::int32_t index : *outputs) {
    const TfLiteEvalTensor* tensor =
        index < 0 ? nullptr : interpreter_->eval_tensor(index);
    std::size_t bytes = 0;
    if (tensor != nullptr && tensor->data.raw != nullptr &&
        tflite::TfLiteEvalTensorByteLength(tensor, &bytes) == kTfLiteOk) {
      crc = Crc32(tensor->data.raw, bytes, crc);
    }
  }
  return crc;
}

OpFigures TflmRunner::op(std::uint16_t index) const {
  OpFigures figures;
  if (index < memory_.max_ops) figures = memory_.ops[index];
  const std::uint32_t code =
      model_->subgraphs()->Get(0)->operators()->Get(index)->opcode_index();
  figures.code = static_cast<std::uint16_t>(
      tflite::GetBuiltinCode(model_->operator_codes()->Get(code)));
  return figures;
}

void TflmRunner::ClearOps() {
  for (std::uint16_t i = 0; i < memory_.max_ops; ++i) {
    memory_.ops[i] = OpFigures();
  }
}

}  // namespace quantci
