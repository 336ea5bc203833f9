#include "platform/image_digest.h"

namespace quantci {
namespace {

// Of the format that esptool writes.
constexpr std::uint32_t kHead = 24;
constexpr std::uint32_t kSegmentHead = 8;
constexpr std::uint32_t kAlignment = 16;
constexpr std::uint8_t kMagic = 0xE9;
constexpr std::uint8_t kMostSegments = 16;
constexpr std::size_t kSegments = 1;    // a byte of the head
constexpr std::size_t kHasDigest = 23;  // another
constexpr std::uint32_t kLargest = 16u << 20;

std::uint32_t LittleEndian(const std::uint8_t* bytes) {
  return bytes[0] | bytes[1] << 8 | bytes[2] << 16 |
         static_cast<std::uint32_t>(bytes[3]) << 24;
}

}  // namespace

bool ReadImageDigest(ImageReader* image, std::uint8_t digest[kSha256Size]) {
  std::uint8_t head[kHead];
  if (!image->Read(0, head, sizeof(head)) || head[0] != kMagic ||
      head[kSegments] > kMostSegments || head[kHasDigest] != 1) {
    return false;
  }
  std::uint32_t end = kHead;
  for (std::uint8_t i = 0; i < head[kSegments]; ++i) {
    std::uint8_t segment[kSegmentHead];  // where it is loaded, its size
    if (!image->Read(end, segment, sizeof(segment))) return false;
    const std::uint32_t size = LittleEndian(segment + 4);
    if (size > kLargest - end) return false;
    end += kSegmentHead + size;
  }
  // A checksum of one byte is the last of a row of 16.
  end = (end / kAlignment + 1) * kAlignment;
  return image->Read(end, digest, kSha256Size);
}

}  // namespace quantci
