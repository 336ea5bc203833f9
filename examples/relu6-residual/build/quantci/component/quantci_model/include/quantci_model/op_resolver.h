// Written by quantci embed.
#ifndef QUANTCI_MODEL_OP_RESOLVER_H_
#define QUANTCI_MODEL_OP_RESOLVER_H_

#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"

namespace quantci_model {

inline constexpr unsigned int kOpCount = 6;
using OpResolver = tflite::MicroMutableOpResolver<kOpCount>;

// Registers the ops that the model uses, and no other.
inline TfLiteStatus RegisterOps(OpResolver& resolver) {
  TF_LITE_ENSURE_STATUS(resolver.AddAdd());
  TF_LITE_ENSURE_STATUS(resolver.AddConv2D());
  TF_LITE_ENSURE_STATUS(resolver.AddFullyConnected());
  TF_LITE_ENSURE_STATUS(resolver.AddMean());
  TF_LITE_ENSURE_STATUS(resolver.AddRelu6());
  TF_LITE_ENSURE_STATUS(resolver.AddSoftmax());
  return kTfLiteOk;
}

}  // namespace quantci_model

#endif  // QUANTCI_MODEL_OP_RESOLVER_H_
