// What a model's file says of it, before TFLM looks at it.
#ifndef MODEL_RUNNER_TFLM_MODEL_H_
#define MODEL_RUNNER_TFLM_MODEL_H_

#include <cstdint>

#include "bench_protocol/status.h"
#include "model_runner/all_ops.h"
#include "tensorflow/lite/schema/schema_generated.h"

namespace quantci {

// A flatbuffer of a schema that TFLM reads, of operators that the firmware has.
Status CheckModel(const std::uint8_t* bytes, std::uint32_t size,
                  const AllOps& ops);

// The functions below are for a model that CheckModel() let through.
const tflite::SubGraph& MainGraph(const tflite::Model& model);
std::uint32_t OpCount(const tflite::Model& model);
int CountVariables(const tflite::Model& model);  // VAR_HANDLE
bool HasState(const tflite::Model& model);  // a tensor outlives an inference

}  // namespace quantci

#endif  // MODEL_RUNNER_TFLM_MODEL_H_
