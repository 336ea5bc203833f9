// Text mode with a model.
#include <gtest/gtest.h>

#include <string>

#include "bench_protocol/tensor_values.h"
#include "fakes.h"

namespace quantci {
namespace {

TEST(TextTest, GreetsAsMlperfTinyDoes) {
  FakeDevice fake;
  fake.device.Greet(&fake.link);
  EXPECT_EQ(fake.port.Take(),
            "m-timestamp-mode-performance\r\nm-lap-us-1000\r\nm-init-done\r\n"
            "m-ready\r\n");
}

class InferTest : public testing::Test {
 protected:
  void Choose(const std::string& id) {
    fake.Hello();
    fake.Upload(0, "m");
    fake.Select(0, id);
  }
  FakeDevice fake;
};

TEST_F(InferTest, RunsAndPrintsResults) {
  Choose("kws01");
  EXPECT_EQ(fake.Send("db load 6%"), "m-[Expecting 6 bytes]\r\nm-ready\r\n");
  EXPECT_EQ(fake.Send("db 00017f80ff0a%"), "m-load-done\r\nm-ready\r\n");
  fake.platform.step_us = 5;
  EXPECT_EQ(fake.Send("infer 2 1%"),
            "m-warmup-start-1\r\nm-warmup-done\r\nm-infer-start-2\r\n"
            "m-lap-us-1010\r\nm-lap-us-1035\r\nm-infer-done\r\n"
            "m-results-[0.000,1.000,127.000,-128.000,-1.000,10.000]\r\n"
            "m-ready\r\n");
  EXPECT_EQ(fake.Send("results%"),
            "m-results-[0.000,1.000,127.000,-128.000,-1.000,10.000]\r\n"
            "m-ready\r\n");
  EXPECT_NE(fake.Send("infer%").find("m-warmup-start-10\r\n"),
            std::string::npos);
}

TEST_F(InferTest, PixelsLose128) {
  Choose("ic01");
  fake.Send("db load 6%db 00017f80ff0a%");
  EXPECT_NE(
      fake.Send("infer 1 0%")
          .find("m-results-[-128.000,-127.000,-1.000,0.000,127.000,-118.000]"),
      std::string::npos);
  EXPECT_EQ(fake.Send("db print%"),
            "m-buffer-00-01-7f-80-ff-0a\r\n\r\nm-ready\r\n");
}

TEST_F(InferTest, AnAnomalyIsTheErrorOfTheReconstruction) {
  Choose("ad01");
  // 0.5, 1.5, -2.5, 200, 3, -1: halves round away from zero, 200 to 127.
  fake.Send("db load 24%db 0000003f0000c03f000020c0000048430000404000008080%");
  fake.Send("db 00%");
  const std::string reply = fake.Send("infer 1 0%");
  // ((1-.5)^2 + (2-1.5)^2 + (-3+2.5)^2 + (127-200)^2 + 0 + 0) / 6
  EXPECT_NE(reply.find("m-results-[888.292]\r\n"), std::string::npos) << reply;
}

TEST_F(InferTest, WantsAllBytes) {
  Choose("kws01");
  fake.Send("db load 6%db 0102%");
  EXPECT_EQ(fake.Send("infer 1 0%"),
            "e-[The model takes 6 bytes, not 2]\r\nm-ready\r\n");
  EXPECT_EQ(fake.Send("infer 0%"),
            "e-[Inference iterations must be >0]\r\nm-ready\r\n");
}

TEST_F(InferTest, FramesAndTextDoNotMixTheirInputs) {
  Choose("kws01");
  fake.Send("db load 6%db 010203040506%");
  fake.Ask(PacketType::kInput, Fields().U8(0).U32(0).Text("abcdef"));
  EXPECT_EQ(fake.Send("infer 1 0%"),
            "e-[The model takes 6 bytes, not 0]\r\nm-ready\r\n");
  fake.Send("db load 6%");
  EXPECT_EQ(ErrorOf(fake.Ask(PacketType::kRun), PacketType::kRun),
            static_cast<std::uint16_t>(ErrorCode::kState));
}

TEST_F(InferTest, TheLastSelectionOutlivesARestart) {
  Choose("kws01");
  FakeDevice again;
  again.platform.saved = fake.platform.saved;
  EXPECT_NE(again.Send("profile%").find("m-model-[kws01]"), std::string::npos);
  EXPECT_EQ(again.Send("results%"), "e-[No model is selected]\r\nm-ready\r\n");
  again.Hello();
  again.Upload(0, "m");
  again.Send("db load 6%db 010203040506%");
  EXPECT_NE(again.Send("infer 1 0%").find("m-results-[1.000,2.000"),
            std::string::npos);
}

TEST(TensorValuesTest, DequantizesEveryType) {
  TensorDescription tensor;
  tensor.rank = 1;
  tensor.extent[0] = 1;
  const std::uint8_t bytes[8] = {0xFE, 0xFF, 0xFF, 0xFF,
                                 0xFF, 0xFF, 0xFF, 0xFF};
  const auto value = [&](TensorType type) {
    tensor.type = static_cast<std::uint8_t>(type);
    return RealValue(tensor, bytes, 0);
  };
  for (const TensorType type : {TensorType::kInt8, TensorType::kInt16,
                                TensorType::kInt32, TensorType::kInt64}) {
    EXPECT_EQ(value(type), -2.0);
  }
  EXPECT_EQ(value(TensorType::kUint8), 254.0);
  tensor.scale = 0.5f;
  tensor.zero_point = 4;
  EXPECT_EQ(value(TensorType::kInt8), -3.0);
  EXPECT_EQ(QuantizeInt8(tensor, -3.0f), -2);
  EXPECT_EQ(QuantizeInt8(tensor, 1e30f), 127);
  EXPECT_EQ(QuantizeInt8(tensor, -1e30f), -128);
}

}  // namespace
}  // namespace quantci
