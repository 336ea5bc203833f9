#include "model_runner/tflm_model.h"

#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/schema/schema_utils.h"

namespace quantci {
namespace {

Status CheckOps(const tflite::Model& model, const AllOps& ops) {
  for (const tflite::OperatorCode* code : *model.operator_codes()) {
    const tflite::BuiltinOperator builtin = tflite::GetBuiltinCode(code);
    if (builtin != tflite::BuiltinOperator_CUSTOM) {
      if (builtin < 0 || builtin > tflite::BuiltinOperator_MAX) {
        return Status::Error(ErrorCode::kOp, "%d", static_cast<int>(builtin));
      }
      if (ops.FindOp(builtin) == nullptr) {
        return Status::Error(ErrorCode::kOp, "%s",
                             tflite::EnumNameBuiltinOperator(builtin));
      }
    } else if (code->custom_code() == nullptr ||
               ops.FindOp(code->custom_code()->c_str()) == nullptr) {
      return Status::Error(ErrorCode::kOp, "%s",
                           code->custom_code() == nullptr
                               ? "CUSTOM"
                               : code->custom_code()->c_str());
    }
  }
  return Status();
}

}  // namespace

Status CheckModel(const std::uint8_t* bytes, std::uint32_t size,
                  const AllOps& ops) {
  flatbuffers::Verifier verifier(bytes, size);
  if (!tflite::VerifyModelBuffer(verifier)) {
    return Status::Error(ErrorCode::kModel, "not a TFLite flatbuffer");
  }
  const tflite::Model& model = *tflite::GetModel(bytes);
  if (model.version() != TFLITE_SCHEMA_VERSION ||
      model.subgraphs() == nullptr || model.subgraphs()->size() == 0 ||
      model.operator_codes() == nullptr || model.buffers() == nullptr) {
    return Status::Error(ErrorCode::kModel, "not of schema version %d",
                         TFLITE_SCHEMA_VERSION);
  }
  return CheckOps(model, ops);
}

const tflite::SubGraph& MainGraph(const tflite::Model& model) {
  return *model.subgraphs()->Get(0);
}

std::uint32_t OpCount(const tflite::Model& model) {
  const auto* ops = MainGraph(model).operators();
  return ops == nullptr ? 0 : ops->size();
}

int CountVariables(const tflite::Model& model) {
  int variables = 0;
  for (std::uint32_t i = 0; i < OpCount(model); ++i) {
    const std::uint32_t code =
        MainGraph(model).operators()->Get(i)->opcode_index();
    if (code < model.operator_codes()->size() &&
        tflite::GetBuiltinCode(model.operator_codes()->Get(code)) ==
            tflite::BuiltinOperator_VAR_HANDLE) {
      ++variables;
    }
  }
  return variables;
}

bool HasState(const tflite::Model& model) {
  for (const tflite::Tensor* tensor : *MainGraph(model).tensors()) {
    if (tensor->is_variable()) return true;
  }
  return false;
}

}  // namespace quantci
