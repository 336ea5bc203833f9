// Stands in for TFLM's header of this name: the same interface, as far as a
// generated op_resolver.h uses it, and a record of what was added. The test
// writes add_methods.inc: one QUANTCI_ADD(AddX) for each method that TFLM has.
#ifndef TENSORFLOW_LITE_MICRO_MICRO_MUTABLE_OP_RESOLVER_H_
#define TENSORFLOW_LITE_MICRO_MICRO_MUTABLE_OP_RESOLVER_H_

#include <cstddef>

enum TfLiteStatus { kTfLiteOk = 0, kTfLiteError = 1 };

struct TFLMRegistration {
  const char* kernel;
};

#define TF_LITE_ENSURE_STATUS(call)           \
  do {                                        \
    const TfLiteStatus status = (call);       \
    if (status != kTfLiteOk) return status;   \
  } while (false)

namespace tflite {

template <unsigned int kCapacity>
class MicroMutableOpResolver {
 public:
#define QUANTCI_ADD(method) \
  TfLiteStatus method() { return Add(#method, nullptr); }
#include "add_methods.inc"
#undef QUANTCI_ADD

  TfLiteStatus AddCustom(const char* name, const TFLMRegistration* registration) {
    return Add(name, registration->kernel);
  }

  unsigned int size() const { return size_; }
  const char* name(unsigned int index) const { return names_[index]; }
  const char* kernel(unsigned int index) const { return kernels_[index]; }

 private:
  TfLiteStatus Add(const char* name, const char* kernel) {
    if (size_ >= kCapacity) return kTfLiteError;
    names_[size_] = name;
    kernels_[size_] = kernel;
    ++size_;
    return kTfLiteOk;
  }

  const char* names_[kCapacity] = {};
  const char* kernels_[kCapacity] = {};
  unsigned int size_ = 0;
};

}  // namespace tflite

#endif  // TENSORFLOW_LITE_MICRO_MICRO_MUTABLE_OP_RESOLVER_H_
