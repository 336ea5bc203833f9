// CRC-32, COBS, SHA-256 and the 64-bit cycles against known values.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bench_protocol/cobs.h"
#include "bench_protocol/crc32.h"
#include "bench_protocol/cycle_counter.h"
#include "bench_protocol/sha256.h"

namespace quantci {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes Encode(const Bytes& data) {
  Bytes out(CobsMaxSize(data.size()));
  out.resize(CobsEncode(data.data(), data.size(), out.data()));
  return out;
}

bool Decode(Bytes* data) {
  std::size_t size = 0;
  const bool right = CobsDecode(data->data(), data->size(), &size);
  data->resize(size);
  return right;
}

TEST(Crc32Test, IsThatOfZlib) {
  EXPECT_EQ(Crc32("123456789", 9), 0xCBF43926u);
  EXPECT_EQ(Crc32("", 0), 0u);
  EXPECT_EQ(Crc32("6789", 4, Crc32("12345", 5)), 0xCBF43926u);
}

TEST(CobsTest, IsThatOfThePaper) {
  EXPECT_EQ(Encode({}), Bytes({1}));
  EXPECT_EQ(Encode({0}), Bytes({1, 1}));
  EXPECT_EQ(Encode({0, 0}), Bytes({1, 1, 1}));
  EXPECT_EQ(Encode({0x11, 0x22, 0, 0x33}), Bytes({3, 0x11, 0x22, 2, 0x33}));
  EXPECT_EQ(Encode({0x11, 0, 0, 0}), Bytes({2, 0x11, 1, 1, 1}));
}

TEST(CobsTest, ComesBackAtEveryLengthAroundAGroup) {
  for (std::size_t size = 0; size < 1100; ++size) {
    for (const std::size_t zero : {std::size_t{0}, size / 2, size}) {
      Bytes data(size, 7);
      if (zero < size) data[zero] = 0;
      Bytes line = Encode(data);
      ASSERT_LE(line.size(), CobsMaxSize(size));
      for (const std::uint8_t byte : line) ASSERT_NE(byte, 0);
      ASSERT_TRUE(Decode(&line)) << size;
      ASSERT_EQ(line, data) << size;
    }
  }
}

TEST(CobsTest, RefusesACodeThatLeadsPastTheEnd) {
  Bytes line{5, 1, 2, 3};
  EXPECT_FALSE(Decode(&line));
}

std::string Hex(const std::string& text) {
  std::uint8_t digest[kSha256Size];
  char hex[2 * kSha256Size + 1];
  Sha256(text.data(), text.size(), digest);
  ToHex(digest, hex);
  return hex;
}

TEST(Sha256Test, IsThatOfFips180) {
  EXPECT_EQ(Hex(""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Hex("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(Hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(CycleCounterTest, CountsWrapsThatNobodySaw) {
  constexpr std::uint64_t kHz = 240'000'000;
  CycleCounter counter(kHz);
  std::uint64_t before = counter.Extend(0xFFFFFF00u, 0);
  // 256 cycles to the wrap, and 100 after it.
  std::uint64_t now = counter.Extend(100, 2);
  EXPECT_EQ(now - before, 356u);
  // A minute without a reading: 14.4e9 cycles, more than three wraps.
  before = now;
  const std::uint64_t passed = 14'400'000'000;
  now = counter.Extend(static_cast<std::uint32_t>(100 + passed), 60'000'002);
  EXPECT_EQ(now - before, passed);
}

TEST(CycleCounterTest, StaysThatOfTheCounterWhenTheClockIsOff) {
  CycleCounter counter(240'000'000);
  const std::uint64_t before = counter.Extend(0, 0);
  // The clock says one second; the counter ran at 160 MHz.
  EXPECT_EQ(counter.Extend(160'000'000, 1'000'000) - before, 160'000'000u);
}

}  // namespace
}  // namespace quantci
