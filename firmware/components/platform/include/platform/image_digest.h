// The SHA-256 at the end of an application of ESP-IDF, read from flash.
// ESP-IDF's own functions map the application a second time for that, and
// Espressif's QEMU loses a page of flash wherever it is mapped as soon as one
// of its mappings goes: the program that runs would be gone.
#ifndef PLATFORM_IMAGE_DIGEST_H_
#define PLATFORM_IMAGE_DIGEST_H_

#include <cstddef>
#include <cstdint>

#include "bench_protocol/sha256.h"

namespace quantci {

class ImageReader {
 public:
  // From the image's first byte on; false: it cannot be read.
  virtual bool Read(std::uint32_t offset, void* to, std::size_t size) = 0;

 protected:
  ~ImageReader() = default;
};

// False: this is no image, or none with a digest.
bool ReadImageDigest(ImageReader* image, std::uint8_t digest[kSha256Size]);

}  // namespace quantci

#endif  // PLATFORM_IMAGE_DIGEST_H_
