// Written by quantci embed. The model with SHA-256
// d9b886fc12cded6197f15aea720fa7df7ab787a1bdb1bd0736edd09673e02ed0
#ifndef QUANTCI_MODEL_MODEL_H_
#define QUANTCI_MODEL_MODEL_H_

#include <cstddef>
#include <cstdint>

namespace quantci_model {

// The .tflite, aligned as TFLM and its kernels want it.
inline constexpr std::size_t kModelSize = 5936;
inline constexpr char kModelSha256[] =
    "d9b886fc12cded6197f15aea720fa7df7ab787a1bdb1bd0736edd09673e02ed0";
alignas(16) extern const unsigned char kModel[kModelSize];

// Bytes to reserve for the tensor arena: estimated, by simulation.
// TFLM's allocator (esp-tflite-micro 1.4.0) simulated to the byte, with the
// scratch of esp-nn 1.2.3 on ESP32-S3; not measured on a chip.
inline constexpr std::size_t kArenaSize = 12800;

inline constexpr int kInputCount = 1;

// Input 0: 
using InputType = std::int8_t;
inline constexpr int kInputRank = 4;
inline constexpr int kInputDims[] = {1, 16, 16, 3};
inline constexpr float kInputScale = 0.042502887547016144f;
inline constexpr int kInputZeroPoint = 3;

inline constexpr int kOutputCount = 1;

// Output 0: 
using OutputType = std::int8_t;
inline constexpr int kOutputRank = 2;
inline constexpr int kOutputDims[] = {1, 4};
inline constexpr float kOutputScale = 0.00390625f;
inline constexpr int kOutputZeroPoint = -128;

inline constexpr int kLabelCount = 4;
inline constexpr const char* kLabels[] = {
    "north",
    "east",
    "south",
    "west",
};

// An image is resized with the bilinear filter of Pillow to this size.
inline constexpr int kInputHeight = 16;
inline constexpr int kInputWidth = 16;
inline constexpr int kInputChannels = 3;
// Each value, 0..255, becomes (value - mean) / std, and that is quantized.
inline constexpr float kInputMean[] = {0.0f};
inline constexpr float kInputStd[] = {1.0f};

// The quantized input for each channel and each pixel value.
inline constexpr int kPixelTableChannels = 3;
extern const InputType kPixelTable[kPixelTableChannels][256];

// What to store in the input tensor for a pixel value; channel is less than
// kPixelTableChannels.
inline InputType QuantizePixel(std::uint8_t value, int channel) {
  return kPixelTable[channel][value];
}

}  // namespace quantci_model

#endif  // QUANTCI_MODEL_MODEL_H_
