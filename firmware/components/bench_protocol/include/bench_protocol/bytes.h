// Little-endian numbers in a packet: reading them, and writing them.
#ifndef BENCH_PROTOCOL_BYTES_H_
#define BENCH_PROTOCOL_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace quantci {

// Reads from the front. After a read past the end, ok() is false and every
// value is 0.
class ByteReader {
 public:
  ByteReader(const std::uint8_t* data, std::size_t size)
      : data_(data), left_(size) {}

  std::uint8_t U8() { return static_cast<std::uint8_t>(Number(1)); }
  std::uint16_t U16() { return static_cast<std::uint16_t>(Number(2)); }
  std::uint32_t U32() { return static_cast<std::uint32_t>(Number(4)); }
  const std::uint8_t* Bytes(std::size_t size) {
    if (size > left_) {
      ok_ = false;
      left_ = 0;
      return nullptr;
    }
    const std::uint8_t* start = data_;
    data_ += size;
    left_ -= size;
    return start;
  }

  const std::uint8_t* rest() const { return data_; }
  std::size_t left() const { return left_; }
  bool ok() const { return ok_; }
  // Whether everything was there, and nothing is left over.
  bool Done() const { return ok_ && left_ == 0; }

 private:
  std::uint64_t Number(std::size_t size) {
    const std::uint8_t* bytes = Bytes(size);
    std::uint64_t value = 0;
    for (std::size_t i = 0; bytes != nullptr && i < size; ++i) {
      value |= static_cast<std::uint64_t>(bytes[i]) << (8 * i);
    }
    return value;
  }

  const std::uint8_t* data_;
  std::size_t left_;
  bool ok_ = true;
};

// Appends to a buffer of the caller's. What does not fit is left out, and ok()
// is false from then on.
class ByteWriter {
 public:
  ByteWriter(std::uint8_t* data, std::size_t capacity)
      : data_(data), capacity_(capacity) {}

  void U8(std::uint8_t value) { Number(value, 1); }
  void U16(std::uint16_t value) { Number(value, 2); }
  void U32(std::uint32_t value) { Number(value, 4); }
  void U64(std::uint64_t value) { Number(value, 8); }
  void I32(std::int32_t value) { U32(static_cast<std::uint32_t>(value)); }
  void F32(float value) {
    std::uint32_t bits = 0;
    static_assert(sizeof(bits) == sizeof(value), "float is IEEE 754 binary32");
    std::memcpy(&bits, &value, sizeof(bits));
    U32(bits);
  }
  void Bytes(const void* bytes, std::size_t size) {
    if (std::uint8_t* place = Take(size); place != nullptr && size > 0) {
      std::memcpy(place, bytes, size);
    }
  }
  void Text(const char* text) { Bytes(text, std::strlen(text)); }

  // Room for `size` bytes that the caller fills; null where it does not fit.
  std::uint8_t* Take(std::size_t size) {
    if (size > capacity_ - size_) {
      ok_ = false;
      return nullptr;
    }
    std::uint8_t* place = data_ + size_;
    size_ += size;
    return place;
  }

  std::size_t size() const { return size_; }
  std::size_t left() const { return capacity_ - size_; }
  bool ok() const { return ok_; }

 private:
  void Number(std::uint64_t value, std::size_t size) {
    if (std::uint8_t* place = Take(size); place != nullptr) {
      for (std::size_t i = 0; i < size; ++i) {
        place[i] = static_cast<std::uint8_t>(value >> (8 * i));
      }
    }
  }

  std::uint8_t* data_;
  std::size_t capacity_;
  std::size_t size_ = 0;
  bool ok_ = true;
};

}  // namespace quantci

#endif  // BENCH_PROTOCOL_BYTES_H_
