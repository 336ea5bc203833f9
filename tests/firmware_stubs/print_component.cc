// Prints what a component generated for an image model holds, one value a line.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <type_traits>

#include "quantci_model/model.h"
#include "quantci_model/op_resolver.h"

namespace model = quantci_model;

namespace {

template <typename T>
const char* TypeName() {
  if (std::is_same_v<T, std::int8_t>) return "int8";
  if (std::is_same_v<T, std::uint8_t>) return "uint8";
  return "other";
}

void PrintHex(const char* name, const void* data, std::size_t size) {
  std::printf("%s=", name);
  for (std::size_t i = 0; i < size; ++i) {
    std::printf("%02x", static_cast<const unsigned char*>(data)[i]);
  }
  std::printf("\n");
}

template <typename T, std::size_t kSize>
void PrintArray(const char* name, const T (&values)[kSize]) {
  std::printf("%s=", name);
  for (const T& value : values) std::printf("%.17g,", static_cast<double>(value));
  std::printf("\n");
}

}  // namespace

int main() {
  PrintHex("model", model::kModel, model::kModelSize);
  std::printf("sha256=%s\n", model::kModelSha256);
  std::printf("misaligned=%u\n", static_cast<unsigned>(reinterpret_cast<std::uintptr_t>(model::kModel) % 16));
  std::printf("arena=%zu\n", model::kArenaSize);
  std::printf("counts=%d,%d,%d\n", model::kInputCount, model::kOutputCount, model::kLabelCount);
  std::printf("ranks=%d,%d\n", model::kInputRank, model::kOutputRank);
  std::printf("types=%s,%s\n", TypeName<model::InputType>(), TypeName<model::OutputType>());
  PrintArray("input_dims", model::kInputDims);
  PrintArray("output_dims", model::kOutputDims);
  const double quantization[] = {model::kInputScale, static_cast<double>(model::kInputZeroPoint), model::kOutputScale,
                                 static_cast<double>(model::kOutputZeroPoint)};
  PrintArray("quantization", quantization);
  const int size[] = {model::kInputHeight, model::kInputWidth, model::kInputChannels};
  PrintArray("size", size);
  PrintArray("mean", model::kInputMean);
  PrintArray("std", model::kInputStd);
  for (const char* label : model::kLabels) PrintHex("label", label, std::strlen(label));
  for (int channel = 0; channel < model::kPixelTableChannels; ++channel) {
    for (int value = 0; value < 256; ++value) {
      std::printf("pixel=%d\n", model::QuantizePixel(static_cast<std::uint8_t>(value), channel));
    }
  }
  model::OpResolver resolver;
  std::printf("registered=%d\n", model::RegisterOps(resolver));
  for (unsigned int i = 0; i < resolver.size(); ++i) {
    const char* kernel = resolver.kernel(i);
    std::printf("op=%s %s\n", resolver.name(i), kernel == nullptr ? "" : kernel);
  }
  return 0;
}
