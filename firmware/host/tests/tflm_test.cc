// TFLM itself, on the golden model that `quantci bench` ships. Built only with
// TFLM_DIR.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench_protocol/crc32.h"
#include "fakes.h"
#include "hex.h"
#include "model_runner/tflm_runner.h"

namespace quantci {
namespace {

struct alignas(16) Block {
  std::uint8_t bytes[16];
};

// Each reading is a cycle later.
class StepClock final : public Clock {
 public:
  std::uint64_t Microseconds() override { return ++now_; }
  std::uint64_t Cycles() override { return ++now_; }
  std::uint64_t cycles_hz() const override { return 1'000'000; }

 private:
  std::uint64_t now_ = 0;
};

class TflmTest : public testing::Test {
 protected:
  static constexpr std::uint32_t kArena = 64u << 10;

  void SetUp() override {
    std::ifstream file(GOLDEN ".tflite", std::ios::binary);
    Use(std::string{std::istreambuf_iterator<char>(file), {}});
  }

  void Use(const std::string& bytes) {
    size = static_cast<std::uint32_t>(bytes.size());
    model.resize(size / sizeof(Block) + 1);
    std::memcpy(model.data(), bytes.data(), size);
  }

  const std::uint8_t* data() const { return model.data()->bytes; }

  Status Load(std::uint32_t arena_bytes = 0) {
    return runner.Load(data(), size, ArenaRegion::kInternal, arena_bytes);
  }

  std::string Run(const std::string& input, OpMode mode = OpMode::kNone) {
    std::memcpy(runner.input_data(0), input.data(), input.size());
    EXPECT_TRUE(runner.Invoke(mode).ok());
    const std::uint8_t* output = runner.output_data(0);
    return std::string(output, output + runner.output(0).bytes);
  }

  const nlohmann::json golden =
      nlohmann::json::parse(std::ifstream(GOLDEN ".json"));
  std::uint32_t size = 0;
  std::vector<Block> model;
  std::vector<Block> arena = std::vector<Block>(kArena / sizeof(Block));
  std::vector<OpFigures> ops = std::vector<OpFigures>(64);
  StepClock clock;
  TflmRunner runner{&clock, TflmMemory{arena.data()->bytes, kArena, nullptr, 0,
                                       ops.data(), 64}};
};

TEST_F(TflmTest, GivesTheGoldenOutputs) {
  ASSERT_TRUE(Load().ok());
  ASSERT_FALSE(golden["inputs"].empty());
  for (std::size_t i = 0; i < golden["inputs"].size(); ++i) {
    const std::string input = FromHex(golden["inputs"][i]);
    ASSERT_EQ(runner.input(0).bytes, input.size());
    EXPECT_EQ(Run(input), FromHex(golden["outputs"][i])) << i;
  }
}

// The outputs are the wheel's, each of an input alone.
TEST_F(TflmTest, AnInferenceKnowsNothingOfTheOneBefore) {
  const nlohmann::json stateful =
      nlohmann::json::parse(std::ifstream(STATEFUL));
  Use(FromHex(stateful["model"]));
  ASSERT_TRUE(Load().ok());
  for (std::size_t i = 0; i < stateful["inputs"].size(); ++i) {
    const std::string input = FromHex(stateful["inputs"][i]);
    for (int again = 0; again < 3; ++again) {
      ASSERT_TRUE(runner.ResetState().ok());
      EXPECT_EQ(Run(input), FromHex(stateful["outputs"][i])) << i;
    }
  }
  const std::string input = FromHex(stateful["inputs"][0]);
  ASSERT_TRUE(runner.ResetState().ok());
  Run(input);
  EXPECT_NE(Run(input), FromHex(stateful["outputs"][0]));
}

// As PROTOCOL.md has it: until the next SELECT.
TEST_F(TflmTest, AResourceVariableLastsUntilTheModelIsLoadedAgain) {
  const nlohmann::json vectors =
      nlohmann::json::parse(std::ifstream(STATEFUL))["variable"];
  const std::string input = FromHex(vectors["input"]);
  Use(FromHex(vectors["model"]));
  for (int again = 0; again < 2; ++again) {
    ASSERT_TRUE(Load().ok());
    for (const std::string output : vectors["outputs"]) {
      ASSERT_TRUE(runner.ResetState().ok());
      EXPECT_EQ(Run(input), FromHex(output));
    }
  }
  const std::uint32_t used = runner.description().arena_used;
  for (std::uint32_t bytes = 16; bytes < used; bytes += 16) {
    ASSERT_EQ(Load(bytes).code(), ErrorCode::kArena) << bytes;
  }
}

TEST_F(TflmTest, TellsWhatEachOpCostAndGave) {
  ASSERT_TRUE(Load().ok());
  const std::string input = FromHex(golden["inputs"][0]);
  Run(input, OpMode::kCycles);
  Run(input, OpMode::kCycles);
  const std::string output = Run(input, OpMode::kCrc);
  const std::uint16_t count = runner.description().ops;
  ASSERT_GT(count, 1);
  for (std::uint16_t i = 0; i < count; ++i) {
    EXPECT_EQ(runner.op(i).iterations, 2);
    EXPECT_EQ(runner.op(i).cycles, 2u);
  }
  EXPECT_EQ(runner.op(static_cast<std::uint16_t>(count - 1)).crc,
            Crc32(output.data(), output.size()));
  EXPECT_NE(runner.op(0).crc, 0u);
  runner.ClearOps();
  EXPECT_EQ(runner.op(0).iterations, 0);
  EXPECT_NE(runner.op(0).code, 0);
}

// From far too small to enough: an error each time, and TFLM never aborts.
TEST_F(TflmTest, EveryArenaThatIsTooSmallIsAnError) {
  ASSERT_TRUE(Load().ok());
  const std::uint32_t used = runner.description().arena_used;
  for (std::uint32_t bytes = 16; bytes < used; bytes += 16) {
    const Status status = Load(bytes);
    ASSERT_EQ(status.code(), ErrorCode::kArena) << bytes;
    ASSERT_STRNE(status.text(), "");
  }
  // Allocating takes more for a while: an error as well, until it fits.
  std::uint32_t bytes = used;
  while (bytes < used + 4096 && !Load(bytes).ok()) bytes += 16;
  EXPECT_LT(bytes, used + 4096);
  EXPECT_EQ(runner.description().arena_used, used);
  const std::string input = FromHex(golden["inputs"][0]);
  EXPECT_EQ(Run(input), FromHex(golden["outputs"][0]));
  EXPECT_EQ(Load(kArena + 1).code(), ErrorCode::kMemory);
  const Status absent = runner.Load(data(), size, ArenaRegion::kPsram, 0);
  EXPECT_EQ(absent.code(), ErrorCode::kMemory);
  EXPECT_STREQ(absent.text(), "the device has no arena in PSRAM");
}

// Without PSRAM there is no larger arena to look first what is needed.
TEST_F(TflmTest, AllThereIsMayBeTooSmall) {
  ASSERT_TRUE(Load().ok());
  const std::uint32_t used = runner.description().arena_used;
  for (std::uint32_t bytes = 16; bytes < used; bytes += 16) {
    TflmRunner small{&clock, TflmMemory{arena.data()->bytes, bytes, nullptr, 0,
                                        ops.data(), 64}};
    const Status status =
        small.Load(data(), size, ArenaRegion::kInternal, 0);
    ASSERT_EQ(status.code(), ErrorCode::kArena) << bytes;
    ASSERT_STRNE(status.text(), "");
  }
}

TEST_F(TflmTest, WhatIsNoModelIsAnError) {
  for (const std::uint32_t cut : {1u, 8u, 100u, size / 2, size - 1}) {
    EXPECT_EQ(runner.Load(data(), cut, ArenaRegion::kInternal, 0).code(),
              ErrorCode::kModel)
        << cut;
  }
  model.data()->bytes[5] ^= 0x20;  // "TFL3"
  EXPECT_EQ(Load().code(), ErrorCode::kModel);
}

}  // namespace
}  // namespace quantci
