// Feeds a device with bytes as they come. The fuzzer's input is a list of
// pieces: one byte that says what the piece is, one with its length, and the
// piece. So it finds both what no host would send, and packets whose check is
// right.
#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "tests/fakes.h"

namespace {

using namespace quantci;

void Drive(const std::uint8_t* data, std::size_t size) {
  enum : std::uint8_t { kRaw, kPacket, kWait, kKinds };
  FakeDevice fake(40, 256);
  fake.platform.step_us = 1000;
  fake.platform.readings = 20'000;  // `infer 4000000000%` ends with them
  fake.Hello();
  fake.Upload(0, "a model");
  while (size >= 2) {
    const std::uint8_t kind = static_cast<std::uint8_t>(data[0] % kKinds);
    const std::size_t length = std::min<std::size_t>(data[1], size - 2);
    const std::string piece(data + 2, data + 2 + length);
    data += 2 + length;
    size -= 2 + length;
    if (kind == kRaw) {
      fake.Send(piece);
    } else if (kind == kWait) {
      fake.platform.now_us += 200'000;
      fake.link.Tick();
    } else if (!piece.empty()) {
      fake.Request(static_cast<PacketType>(piece[0]), piece.substr(1));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  try {
    Drive(data, size);
  } catch (const std::runtime_error&) {
  }
  return 0;
}
