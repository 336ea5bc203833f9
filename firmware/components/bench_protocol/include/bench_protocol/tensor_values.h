// Numbers of a tensor: text mode writes outputs as real numbers, and quantizes
// the inputs of MLPerf Tiny's models.
#ifndef BENCH_PROTOCOL_TENSOR_VALUES_H_
#define BENCH_PROTOCOL_TENSOR_VALUES_H_

#include <cstdint>

#include "bench_protocol/interfaces.h"

namespace quantci {

// tflite::TensorType
enum class TensorType : std::uint8_t {
  kFloat32 = 0,
  kInt32 = 2,
  kUint8 = 3,
  kInt64 = 4,
  kBool = 6,
  kInt16 = 7,
  kInt8 = 9,
};

std::uint32_t ElementCount(const TensorDescription& tensor);

// The number that an element stands for.
double RealValue(const TensorDescription& tensor, const std::uint8_t* data,
                 std::uint32_t index);

std::int8_t QuantizeInt8(const TensorDescription& tensor, float value);

}  // namespace quantci

#endif  // BENCH_PROTOCOL_TENSOR_VALUES_H_
