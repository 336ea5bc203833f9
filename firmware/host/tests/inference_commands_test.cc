// Inputs, inferences, and what they give.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bench_protocol/crc32.h"
#include "fakes.h"

namespace quantci {
namespace {

TEST(InferenceCommandsTest, CancelThatComesLaterEndsAnInvocation) {
  FakeDevice fake;
  fake.platform.step_us = 1000;
  fake.Hello();
  fake.Upload(0, "a model");
  fake.Select(0);
  fake.Ask(PacketType::kInput, Fields().U8(0).U32(0).Text("abcdef"));
  const std::string invoke = Fields().U32(0xFFFFFFFF).U32(8).U8(0);
  const std::uint16_t sequence = fake.sequence;
  // The host repeats its request first: it is not carried out again.
  fake.port.comes =
      Frame(PacketType::kInvoke, sequence + 1, FakeDevice::kNonce, invoke) +
      Frame(PacketType::kCancel, 7, FakeDevice::kNonce + 1, "") +
      Frame(PacketType::kCancel, 8, FakeDevice::kNonce, "") +
      Frame(PacketType::kEcho, 9, FakeDevice::kNonce, "x");
  std::vector<Reply> replies = fake.Request(PacketType::kInvoke, invoke);
  ASSERT_EQ(replies.size(), 5u);
  EXPECT_EQ(ErrorOf(replies[0], PacketType::kInvoke),
            Code(ErrorCode::kCancelled));
  EXPECT_EQ(replies[1].payload, replies[0].payload);
  EXPECT_EQ(ErrorOf(replies[2], PacketType::kCancel), Code(ErrorCode::kNonce));
  EXPECT_EQ(replies[3].type, ReplyTo(PacketType::kCancel));
  EXPECT_EQ(replies[4].payload, "x");
  EXPECT_EQ(fake.Ask(PacketType::kRun).type, ReplyTo(PacketType::kRun));
}

TEST(InferenceCommandsTest, CancelWithoutAnInvocationIsAnswered) {
  FakeDevice fake;
  fake.Hello();
  EXPECT_EQ(fake.Ask(PacketType::kCancel).type, ReplyTo(PacketType::kCancel));
  EXPECT_EQ(ErrorOf(fake.Ask(PacketType::kCancel, "x"), PacketType::kCancel),
            Code(ErrorCode::kLength));
}

TEST(InferenceCommandsTest, ALongInvokeIsNoSilence) {
  FakeDevice fake;
  fake.Hello();
  fake.Upload(0, "m");
  fake.Select(0);
  fake.Ask(PacketType::kInput, Fields().U8(0).U32(0).Text("abcdef"));
  fake.platform.step_us = 300'000;
  const std::string invoke =
      Frame(PacketType::kInvoke, ++fake.sequence, FakeDevice::kNonce,
            Fields().U32(0).U32(4).U8(0));
  const std::string echo =
      Frame(PacketType::kEcho, ++fake.sequence, FakeDevice::kNonce, "still");
  fake.Send(invoke + echo.substr(0, 7));
  fake.platform.step_us = 0;
  const std::vector<Reply> replies = ParseReplies(fake.Send(echo.substr(7)));
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].payload, "still");
}

TEST(InferenceCommandsTest, InputsComeInOrderAndBeginAnewAtZero) {
  FakeDevice fake;
  fake.Hello();
  EXPECT_EQ(ErrorOf(fake.Ask(PacketType::kInput, Fields().U8(0).U32(0)),
                    PacketType::kInput),
            Code(ErrorCode::kState));
  fake.Upload(0, "m");
  fake.Select(0);
  const auto next = [&](std::uint32_t offset, const std::string& bytes) {
    return fake.Ask(PacketType::kInput, Fields().U8(0).U32(offset).Text(bytes))
        .payload;
  };
  EXPECT_EQ(next(0, "abc"), std::string(Fields().U32(3)));
  EXPECT_EQ(next(5, "f"), std::string(Fields().U32(3)));
  EXPECT_EQ(ErrorOf(fake.Ask(PacketType::kInvoke, Fields().U32(0).U32(1).U8(0)),
                    PacketType::kInvoke),
            Code(ErrorCode::kState));
  EXPECT_EQ(next(3, "def"), std::string(Fields().U32(6)));
  EXPECT_EQ(next(0, "ABCDEF"), std::string(Fields().U32(6)));
  EXPECT_EQ(ErrorOf(fake.Ask(PacketType::kInput,
                             Fields().U8(0).U32(0).Text("abcdefg")),
                    PacketType::kInput),
            Code(ErrorCode::kSize));
  EXPECT_EQ(ErrorOf(fake.Ask(PacketType::kInput, Fields().U8(1).U32(0)),
                    PacketType::kInput),
            Code(ErrorCode::kIndex));
  fake.Ask(PacketType::kInvoke, Fields().U32(1).U32(2).U8(0));
  EXPECT_EQ(fake.Ask(PacketType::kOutput, Fields().U8(0).U32(0).U32(6)).payload,
            "ABCDEF");
  EXPECT_EQ(fake.Ask(PacketType::kOutput, Fields().U8(0).U32(4).U32(2)).payload,
            "EF");
  EXPECT_EQ(ErrorOf(fake.Ask(PacketType::kOutput, Fields().U8(0).U32(4).U32(3)),
                    PacketType::kOutput),
            Code(ErrorCode::kIndex));
}

// The echo engine wipes its input: each iteration has to write it again.
TEST(InferenceCommandsTest, InvokeMeasuresEachIterationAndWritesTheInputAgain) {
  FakeDevice fake;
  fake.Hello();
  fake.Upload(0, "m");
  fake.Select(0);
  fake.platform.step_us = 7;
  fake.Ask(PacketType::kInput, Fields().U8(0).U32(0).Text("abcdef"));
  const Reply reply =
      fake.Ask(PacketType::kInvoke, Fields().U32(2).U32(3).U8(3));
  ByteReader in = reply.Reader();
  EXPECT_EQ(in.U32(), 3u);
  EXPECT_EQ(in.U32(), Crc32("abcdef", 6));
  in.Bytes(8);
  EXPECT_EQ(in.U32(), 21u);
  EXPECT_EQ(in.U32(), 0u);
  EXPECT_TRUE(in.Done());

  const Reply times = fake.Ask(PacketType::kTimes, Fields().U32(1).U16(2));
  EXPECT_EQ(
      times.payload,
      std::string(
          Fields().U32(0).U32(0).U32(7).U32(0).U32(0).U32(0).U32(7).U32(0)));
  EXPECT_EQ(ErrorOf(fake.Ask(PacketType::kTimes, Fields().U32(2).U16(2)),
                    PacketType::kTimes),
            Code(ErrorCode::kIndex));
  EXPECT_EQ(fake.Ask(PacketType::kOps, Fields().U16(0)).payload,
            std::string(Fields().U16(1).U16(0).U16(3).U32(0).U32(0).U32(
                Crc32("abcdef", 6))));
  EXPECT_EQ(fake.Ask(PacketType::kOps, Fields().U16(1)).payload,
            std::string(Fields().U16(1)));
  EXPECT_EQ(
      ErrorOf(fake.Ask(PacketType::kOps, Fields().U16(2)), PacketType::kOps),
      Code(ErrorCode::kIndex));
  EXPECT_EQ(ErrorOf(fake.Ask(PacketType::kInvoke, Fields().U32(0).U32(9).U8(0)),
                    PacketType::kInvoke),
            Code(ErrorCode::kSize));
}

TEST(InferenceCommandsTest, RunTakesInputsAndGivesOutputs) {
  FakeDevice fake;
  fake.Hello();
  EXPECT_EQ(ErrorOf(fake.Ask(PacketType::kRun, "abcdef"), PacketType::kRun),
            Code(ErrorCode::kState));
  fake.Upload(0, "m");
  fake.Select(0);
  EXPECT_EQ(ErrorOf(fake.Ask(PacketType::kRun, "abcde"), PacketType::kRun),
            Code(ErrorCode::kLength));
  EXPECT_EQ(ErrorOf(fake.Ask(PacketType::kRun), PacketType::kRun),
            Code(ErrorCode::kState));
  const std::string wanted = Fields()
                                 .U32(0)
                                 .U32(0)
                                 .U32(0)
                                 .U32(0)
                                 .U32(Crc32("abcdef", 6))
                                 .Text("abcdef");
  EXPECT_EQ(fake.Ask(PacketType::kRun, "abcdef").payload, wanted);
  EXPECT_EQ(fake.Ask(PacketType::kRun).payload, wanted);
}

TEST(InferenceCommandsTest, RunIsRefusedWhereTheOutputsDoNotFitAReply) {
  FakeDevice fake(5000, 8192);
  fake.Hello();
  fake.Upload(0, "m");
  fake.Select(0);
  fake.Ask(PacketType::kInput, Fields().U8(0).U32(0).Text(Ramp(4000)));
  fake.Ask(PacketType::kInput,
           Fields().U8(0).U32(4000).Text(Ramp(5000).substr(4000)));
  EXPECT_EQ(ErrorOf(fake.Ask(PacketType::kRun), PacketType::kRun),
            Code(ErrorCode::kSize));
  fake.Ask(PacketType::kInvoke, Fields().U32(0).U32(1).U8(0));
  EXPECT_EQ(
      ErrorOf(fake.Ask(PacketType::kOutput, Fields().U8(0).U32(0).U32(5000)),
              PacketType::kOutput),
      Code(ErrorCode::kSize));
  EXPECT_EQ(
      fake.Ask(PacketType::kOutput, Fields().U8(0).U32(0).U32(4096)).payload,
      Ramp(5000).substr(0, 4096));
}

TEST(InferenceCommandsTest, ProgressIsToldHalfASecondApart) {
  FakeDevice fake;
  fake.Hello();
  fake.Upload(0, "m");
  fake.Select(0);
  fake.Ask(PacketType::kInput, Fields().U8(0).U32(0).Text("abcdef"));
  fake.platform.step_us = 60'000;  // three readings an iteration
  const std::vector<Reply> replies =
      fake.Request(PacketType::kInvoke, Fields().U32(0).U32(8).U8(0));
  ASSERT_EQ(replies.size(), 3u);
  EXPECT_EQ(replies[0].payload, std::string(Fields().U8(1).U32(3)));
  EXPECT_EQ(replies[1].payload, std::string(Fields().U8(1).U32(6)));
  EXPECT_EQ(replies[2].type, ReplyTo(PacketType::kInvoke));
}

TEST(InferenceCommandsTest, CountersThatDisagreeAreAnError) {
  FakeDevice fake;
  fake.Hello();
  fake.Upload(0, "m");
  fake.Select(0);
  fake.platform.hz = 240'000'000;
  fake.platform.step_us = 1000;
  fake.platform.cycles_per_us = 0;
  EXPECT_EQ(ErrorOf(fake.Ask(PacketType::kRun, "abcdef"), PacketType::kRun),
            Code(ErrorCode::kTimer));
}

}  // namespace
}  // namespace quantci
