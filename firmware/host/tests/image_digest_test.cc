#include "platform/image_digest.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace quantci {
namespace {

class Bytes final : public ImageReader {
 public:
  explicit Bytes(std::vector<std::uint8_t> bytes) : bytes_(std::move(bytes)) {}
  bool Read(std::uint32_t offset, void* to, std::size_t size) override {
    if (offset > bytes_.size() || size > bytes_.size() - offset) return false;
    std::memcpy(to, bytes_.data() + offset, size);
    return true;
  }

 private:
  std::vector<std::uint8_t> bytes_;
};

// As esptool writes it: a head of 24 bytes, segments, a checksum that ends a
// row of 16 bytes, the digest.
std::vector<std::uint8_t> Image(std::vector<std::uint8_t> segments,
                                std::uint8_t has_digest = 1) {
  std::vector<std::uint8_t> image(24, 0);
  image[0] = 0xE9;
  image[1] = static_cast<std::uint8_t>(segments.size());
  image[23] = has_digest;
  for (const std::uint8_t size : segments) {
    image.insert(image.end(), {0, 0, 0x37, 0x40, size, 0, 0, 0});
    image.insert(image.end(), size, 0xAA);
  }
  do {
    image.push_back(0);
  } while (image.size() % 16 != 0);
  for (std::uint8_t i = 0; i < 32; ++i) image.push_back(i);
  image.insert(image.end(), 64, 0xFF);  // erased
  return image;
}

bool Reads(std::vector<std::uint8_t> image) {
  Bytes bytes(std::move(image));
  std::uint8_t digest[kSha256Size] = {};
  if (!ReadImageDigest(&bytes, digest)) return false;
  for (std::uint8_t i = 0; i < 32; ++i) EXPECT_EQ(digest[i], i);
  return true;
}

TEST(ImageDigest, StandsBehindTheChecksum) {
  EXPECT_TRUE(Reads(Image({4})));      // 36 bytes, to 48
  EXPECT_TRUE(Reads(Image({8, 16})));  // 64 bytes: a whole row for the checksum
  EXPECT_TRUE(Reads(Image({12, 4, 7})));  // 71 bytes, to 80
}

TEST(ImageDigest, IsNotReadWhereThereIsNone) {
  EXPECT_FALSE(Reads(Image({4}, 0)));
  EXPECT_FALSE(Reads(std::vector<std::uint8_t>(200, 0xFF)));  // erased
  EXPECT_FALSE(Reads({}));
  std::vector<std::uint8_t> cut = Image({4});
  cut.resize(70);
  EXPECT_FALSE(Reads(cut));
  std::vector<std::uint8_t> huge = Image({4});
  huge[24 + 7] = 0xFF;  // the segment's size
  EXPECT_FALSE(Reads(huge));
}

}  // namespace
}  // namespace quantci
