#include "bench_protocol/text_infer.h"

#include <cstdio>
#include <cstring>

#include "bench_protocol/tensor_values.h"

namespace quantci {
namespace {

constexpr std::uint32_t kDefaultIterations = 1;
constexpr std::uint32_t kDefaultWarmUp = 10;

bool FitsU32(long long number) { return number <= 0xFFFFFFFFLL; }

bool IsPixels(const char* id) {
  return std::strcmp(id, "ic01") == 0 || std::strcmp(id, "vww01") == 0;
}

bool IsAnomaly(const char* id) { return std::strcmp(id, "ad01") == 0; }

// Where the inputs stand, as the model takes them; null after an error.
const std::uint8_t* StageInputs(Bench* bench, TextWriter* out) {
  ModelInputs& inputs = bench->inputs();
  const TensorDescription tensor = bench->runner().input(0);
  const char* id = bench->model_id();
  const bool int8 = static_cast<TensorType>(tensor.type) == TensorType::kInt8;
  const bool pixels = int8 && IsPixels(id);
  const bool floats = int8 && IsAnomaly(id);
  const std::uint32_t model_bytes = inputs.size();
  const std::uint32_t taken = bench->inputs().text_bytes();
  const std::uint32_t wanted = floats ? 4 * model_bytes : model_bytes;
  if (taken != wanted) {
    out->Line("e-[The model takes %lu bytes, not %lu]",
              static_cast<unsigned long>(wanted),
              static_cast<unsigned long>(taken));
    return nullptr;
  }
  if (!pixels && !floats) return inputs.memory();

  // The buffer stays as it came, for `db print` and the reconstruction error.
  if (model_bytes > inputs.room() - taken) {
    out->Line("e-[Inference failed: max_input is too small to quantize into]");
    return nullptr;
  }
  std::uint8_t* staged = inputs.memory() + taken;
  for (std::uint32_t i = 0; i < model_bytes; ++i) {
    if (pixels) {
      staged[i] = static_cast<std::uint8_t>(inputs.memory()[i] - 128);
    } else {
      float value = 0;
      std::memcpy(&value, inputs.memory() + 4 * i, sizeof(value));
      staged[i] = static_cast<std::uint8_t>(QuantizeInt8(tensor, value));
    }
  }
  return staged;
}

}  // namespace

void Infer(Bench* bench, Words* words, TextWriter* out) {
  long long iterations = kDefaultIterations;
  long long warm_up = kDefaultWarmUp;
  if (const char* word = words->Next(); word != nullptr) {
    iterations = Number(word);
    if (iterations <= 0 || !FitsU32(iterations)) {
      out->Line("e-[Inference iterations must be >0]");
      return;
    }
    word = words->Next();
    if (word != nullptr) warm_up = Number(word);
    if (warm_up < 0 || !FitsU32(warm_up)) {
      out->Line("e-[Inference warmup must be >=0]");
      return;
    }
  }
  if (!bench->SelectLast()) {
    out->Line("e-[No model is selected]");
    return;
  }
  const std::uint8_t* inputs = StageInputs(bench, out);
  if (inputs == nullptr) return;
  bench->inputs().Use(inputs);

  out->Line("m-warmup-start-%lld", warm_up);
  Status status = bench->Repeat(static_cast<std::uint32_t>(warm_up));
  if (status.ok()) {
    out->Line("m-warmup-done");
    out->Line("m-infer-start-%lld", iterations);
    // Both are written afterwards: writing takes time as well.
    const std::uint64_t start = bench->platform().Microseconds();
    status = bench->Repeat(static_cast<std::uint32_t>(iterations));
    const std::uint64_t end = bench->platform().Microseconds();
    if (status.ok()) {
      out->Line("m-lap-us-%llu", static_cast<unsigned long long>(start));
      out->Line("m-lap-us-%llu", static_cast<unsigned long long>(end));
      out->Line("m-infer-done");
      WriteResults(bench, out);
      return;
    }
  }
  out->Line("e-[Inference failed: %s]", status.text());
}

void WriteResults(Bench* bench, TextWriter* out) {
  const ModelRunner& runner = bench->runner();
  char text[48];
  out->Write("m-results-[");
  const TensorDescription first = runner.output(0);
  const bool floats_came =
      bench->inputs().text_bytes() == 4 * ElementCount(first);
  if (IsAnomaly(bench->model_id()) && floats_came) {
    double sum = 0;
    const std::uint32_t count = ElementCount(first);
    for (std::uint32_t i = 0; i < count; ++i) {
      float value = 0;
      std::memcpy(&value, bench->inputs().memory() + 4 * i, sizeof(value));
      const double apart = RealValue(first, runner.output_data(0), i) -
                           static_cast<double>(value);
      sum += apart * apart;
    }
    std::snprintf(text, sizeof(text), "%.3f", sum / count);
    out->Write(text);
  } else {
    for (std::uint8_t i = 0; i < runner.description().outputs; ++i) {
      const TensorDescription tensor = runner.output(i);
      for (std::uint32_t j = 0; j < ElementCount(tensor); ++j) {
        if (i > 0 || j > 0) out->Write(",");
        std::snprintf(text, sizeof(text), "%.3f",
                      RealValue(tensor, runner.output_data(i), j));
        out->Write(text);
      }
    }
  }
  out->Write("]\r\n");
}

}  // namespace quantci
