#include "bench_protocol/tensor_values.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace quantci {
namespace {

template <typename T>
T Element(const std::uint8_t* data, std::uint32_t index) {
  T value;
  std::memcpy(&value, data + sizeof(T) * index, sizeof(T));
  return value;
}

}  // namespace

std::uint32_t ElementCount(const TensorDescription& tensor) {
  std::uint32_t count = 1;
  for (std::uint8_t i = 0; i < tensor.rank; ++i) count *= tensor.extent[i];
  return count;
}

double RealValue(const TensorDescription& tensor, const std::uint8_t* data,
                 std::uint32_t index) {
  double stored = 0;
  switch (static_cast<TensorType>(tensor.type)) {
    case TensorType::kFloat32:
      return static_cast<double>(Element<float>(data, index));
    case TensorType::kInt32:
      stored = Element<std::int32_t>(data, index);
      break;
    case TensorType::kInt64:
      stored = static_cast<double>(Element<std::int64_t>(data, index));
      break;
    case TensorType::kInt16:
      stored = Element<std::int16_t>(data, index);
      break;
    case TensorType::kInt8:
      stored = Element<std::int8_t>(data, index);
      break;
    case TensorType::kUint8:
    case TensorType::kBool:
      stored = Element<std::uint8_t>(data, index);
      break;
  }
  if (tensor.scale == 0) return stored;  // not quantized
  return (stored - tensor.zero_point) * static_cast<double>(tensor.scale);
}

std::int8_t QuantizeInt8(const TensorDescription& tensor, float value) {
  const float steps =
      std::round(value / tensor.scale) + static_cast<float>(tensor.zero_point);
  if (std::isnan(steps)) return static_cast<std::int8_t>(tensor.zero_point);
  return static_cast<std::int8_t>(std::clamp(steps, -128.0f, 127.0f));
}

}  // namespace quantci
