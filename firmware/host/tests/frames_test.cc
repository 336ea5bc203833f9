// A whole device, driven with frames.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bench_protocol/crc32.h"
#include "fakes.h"

namespace quantci {
namespace {

constexpr std::uint16_t Code(ErrorCode code) {
  return static_cast<std::uint16_t>(code);
}

std::string Ramp(std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(i * 37 + 1);
  return bytes;
}

TEST(FramesTest, HelloSaysWhatTheDeviceIs) {
  FakeDevice fake;
  const Reply reply = fake.Ask(PacketType::kHello, Fields().U16(1));
  EXPECT_EQ(reply.type, ReplyTo(PacketType::kHello));
  EXPECT_EQ(reply.nonce, FakeDevice::kNonce);
  EXPECT_EQ(reply.payload,
            "protocol=1\nfirmware=quantci-bench 0.1.0\ndevice=virtual\n"
            "engine=echo\nslots=2\nslot_bytes=16384\narena_internal=12\n"
            "arena_psram=0\nmodel_psram=1024\nmax_payload=4096\nmax_frame="
            "4125\nwindow=8192\n"
            "max_input=64\nmax_iterations=8\n");
}

TEST(FramesTest, HelloNamesTheModelsThatCheck) {
  FakeDevice fake;
  fake.Hello();
  fake.Upload(1, "a model");
  const Reply reply = fake.Ask(PacketType::kHello, Fields().U16(1));
  EXPECT_EQ(reply.payload.find("slot0_sha256"), std::string::npos);
  char hex[2 * kSha256Size + 1];
  ToHex(reinterpret_cast<const std::uint8_t*>(Sha256Of("a model").data()), hex);
  EXPECT_NE(reply.payload.find("slot1_sha256=" + std::string(hex) + "\n"),
            std::string::npos);
}

TEST(FramesTest, AModelThatPsramHasNoRoomForIsRefused) {
  FakeDevice fake;
  fake.Hello();
  const auto select = [&fake](std::uint8_t slot, std::uint8_t memory) {
    return fake.Ask(PacketType::kSelect, Fields().U8(slot).U8(memory).U32(0));
  };
  fake.Upload(0, Ramp(FakeDevice::kModelBytes));
  fake.Upload(1, Ramp(FakeDevice::kModelBytes + 1));
  EXPECT_EQ(select(0, 2).type, ReplyTo(PacketType::kSelect));
  const Reply refused = select(1, 2);
  EXPECT_EQ(ErrorOf(refused, PacketType::kSelect), Code(ErrorCode::kPlace));
  EXPECT_EQ(refused.payload.substr(3), "1025 bytes, PSRAM has room for 1024");
  EXPECT_EQ(
      ErrorOf(fake.Ask(PacketType::kOps, Fields().U16(0)), PacketType::kOps),
      Code(ErrorCode::kState));
  EXPECT_EQ(select(1, 0).type, ReplyTo(PacketType::kSelect));
  EXPECT_EQ(ErrorOf(select(0, 4), PacketType::kSelect),
            Code(ErrorCode::kMemory));
}

TEST(FramesTest, CancelThatComesLaterEndsAnInvocation) {
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

TEST(FramesTest, CancelWithoutAnInvocationIsAnswered) {
  FakeDevice fake;
  fake.Hello();
  EXPECT_EQ(fake.Ask(PacketType::kCancel).type, ReplyTo(PacketType::kCancel));
  EXPECT_EQ(ErrorOf(fake.Ask(PacketType::kCancel, "x"), PacketType::kCancel),
            Code(ErrorCode::kLength));
}

TEST(FramesTest, AnotherVersionIsRefused) {
  FakeDevice fake;
  EXPECT_EQ(ErrorOf(fake.Ask(PacketType::kHello, Fields().U16(2)),
                    PacketType::kHello),
            Code(ErrorCode::kVersion));
}

TEST(FramesTest, AnotherRunIsRefused) {
  FakeDevice fake;
  EXPECT_EQ(ErrorOf(fake.Ask(PacketType::kCounters), PacketType::kCounters),
            Code(ErrorCode::kNonce));
  fake.Hello();
  const std::vector<Reply> replies =
      ParseReplies(fake.Send(Frame(PacketType::kCounters, 9, 7, "")));
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(ErrorOf(replies[0], PacketType::kCounters),
            Code(ErrorCode::kNonce));
  EXPECT_EQ(replies[0].nonce, 7u);
}

TEST(FramesTest, AnUnknownTypeAndAWrongLengthAreErrors) {
  FakeDevice fake;
  fake.Hello();
  const auto unknown = static_cast<PacketType>(0x55);
  EXPECT_EQ(ErrorOf(fake.Ask(unknown), unknown), Code(ErrorCode::kCommand));
  for (const PacketType type :
       {PacketType::kHello, PacketType::kBegin, PacketType::kChunk,
        PacketType::kEnd, PacketType::kErase, PacketType::kSelect,
        PacketType::kInput, PacketType::kInvoke, PacketType::kTimes,
        PacketType::kOutput, PacketType::kOps}) {
    EXPECT_EQ(ErrorOf(fake.Ask(type), type), Code(ErrorCode::kLength))
        << static_cast<int>(type);
  }
  for (const PacketType type : {PacketType::kCounters, PacketType::kReboot}) {
    EXPECT_EQ(ErrorOf(fake.Ask(type, "x"), type), Code(ErrorCode::kLength));
  }
  EXPECT_EQ(fake.platform.reboots, 0);
}

TEST(FramesTest, ADroppedFrameIsToldToAHostThatHasSaidHello) {
  FakeDevice fake;
  std::string broken = Frame(PacketType::kEcho, 1, FakeDevice::kNonce, "abc");
  broken[5] = static_cast<char>(broken[5] ^ 8);
  EXPECT_EQ(fake.Send(broken), "");
  fake.Hello();
  const std::vector<Reply> replies = ParseReplies(fake.Send(broken));
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].type, 0xFE);
  EXPECT_EQ(replies[0].sequence, 0);
  EXPECT_EQ(replies[0].nonce, FakeDevice::kNonce);
  EXPECT_EQ(replies[0].payload, std::string(Fields().U8(2).U32(2)));
  EXPECT_EQ(fake.Ask(PacketType::kCounters).payload,
            std::string(Fields().U32(2).U32(2).U32(0).U32(3)));
}

TEST(FramesTest, SilenceInsideAFrameLeadsBackToText) {
  FakeDevice fake;
  const std::string half =
      Frame(PacketType::kHello, 1, 1, Fields().U16(1)).substr(0, 6);
  fake.Send(half);
  fake.platform.now_us += 499'999;
  fake.link.Tick();
  EXPECT_EQ(fake.Send("name%"), "");  // still inside
  fake.platform.now_us += 500'000;
  EXPECT_EQ(fake.Send("name%"), "m-name-dut-[quantci-bench]\r\nm-ready\r\n");
}

TEST(FramesTest, ALongInvokeIsNoSilence) {
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

TEST(FramesTest, AFrameVoidsAnUnfinishedCommand) {
  FakeDevice fake;
  fake.Send("rubbish");
  fake.Send(Frame(PacketType::kHello, 1, 1, Fields().U16(1)));
  EXPECT_EQ(fake.Send("name%"), "m-name-dut-[quantci-bench]\r\nm-ready\r\n");
}

TEST(FramesTest, ARepetitionIsAnsweredAndNotCarriedOutAgain) {
  FakeDevice fake;
  fake.Hello();
  fake.Upload(0, "m");
  fake.Select(0);
  fake.Ask(PacketType::kInput, Fields().U8(0).U32(0).Text("abcdef"));
  const std::string invoke =
      Frame(PacketType::kInvoke, ++fake.sequence, FakeDevice::kNonce,
            Fields().U32(0).U32(2).U8(1));
  const std::string first = fake.Send(invoke);
  EXPECT_EQ(fake.Send('\0' + invoke), first);
  const Reply reply = fake.Ask(PacketType::kOps, Fields().U16(0));
  ByteReader ops = reply.Reader();
  EXPECT_EQ(ops.U16(), 1);
  EXPECT_EQ(ops.U16(), 0);
  EXPECT_EQ(ops.U16(), 2);  // not 4
}

TEST(FramesTest, AModelIsTakenInPiecesAndChecked) {
  FakeDevice fake;
  fake.Hello();
  const std::string model = Ramp(9000);
  const std::string begin = Fields().U8(0).U32(9000).Text(Sha256Of(model));
  EXPECT_EQ(fake.Ask(PacketType::kBegin, begin).payload,
            std::string(Fields().U32(0)));
  EXPECT_EQ(fake.Ask(PacketType::kChunk,
                     Fields().U8(0).U32(0).Text(model.substr(0, 4000)))
                .payload,
            std::string(Fields().U32(4000)));
  // A gap, and a piece that was there already: what it waits for.
  for (const std::uint32_t offset : {4096u, 0u, 3999u}) {
    EXPECT_EQ(
        fake.Ask(PacketType::kChunk, Fields().U8(0).U32(offset).Text("xyz"))
            .payload,
        std::string(Fields().U32(4000)));
  }
  EXPECT_EQ(
      ErrorOf(fake.Ask(PacketType::kEnd, Fields().U8(0)), PacketType::kEnd),
      Code(ErrorCode::kState));
  // The host begins anew, and goes on where it was.
  EXPECT_EQ(fake.Ask(PacketType::kBegin, begin).payload,
            std::string(Fields().U32(4000)));
  for (std::uint32_t at = 4000; at < 9000; at += 2500) {
    fake.Ask(PacketType::kChunk,
             Fields().U8(0).U32(at).Text(model.substr(at, 2500)));
  }
  EXPECT_EQ(
      ErrorOf(fake.Ask(PacketType::kChunk, Fields().U8(0).U32(9000).Text("x")),
              PacketType::kChunk),
      Code(ErrorCode::kSize));
  EXPECT_EQ(fake.Ask(PacketType::kEnd, Fields().U8(0)).payload,
            Sha256Of(model));
  EXPECT_TRUE(fake.slots[0].holds_model());
  EXPECT_EQ(fake.Ask(PacketType::kBegin, begin).payload,
            std::string(Fields().U32(9000)));
  EXPECT_TRUE(fake.slots[0].holds_model());
}

TEST(FramesTest, AModelWithAnotherHashEmptiesTheSlot) {
  FakeDevice fake;
  fake.Hello();
  fake.Ask(PacketType::kBegin, Fields().U8(0).U32(3).Text(Sha256Of("abc")));
  fake.Ask(PacketType::kChunk, Fields().U8(0).U32(0).Text("abz"));
  EXPECT_EQ(
      ErrorOf(fake.Ask(PacketType::kEnd, Fields().U8(0)), PacketType::kEnd),
      Code(ErrorCode::kHash));
  EXPECT_EQ(ErrorOf(fake.Select(0), PacketType::kSelect),
            Code(ErrorCode::kSlot));
}

TEST(FramesTest, SlotsAndSizesThatThereAreNotAreErrors) {
  FakeDevice fake;
  fake.Hello();
  const std::string sha(kSha256Size, 'x');
  EXPECT_EQ(
      ErrorOf(fake.Ask(PacketType::kBegin, Fields().U8(2).U32(1).Text(sha)),
              PacketType::kBegin),
      Code(ErrorCode::kSlot));
  for (const std::uint32_t size : {0u, FakeDevice::kSlotBytes + 1, ~0u}) {
    EXPECT_EQ(ErrorOf(fake.Ask(PacketType::kBegin,
                               Fields().U8(0).U32(size).Text(sha)),
                      PacketType::kBegin),
              Code(ErrorCode::kSize));
  }
  EXPECT_EQ(
      ErrorOf(fake.Ask(PacketType::kChunk, Fields().U8(0).U32(0).Text("x")),
              PacketType::kChunk),
      Code(ErrorCode::kState));
  EXPECT_EQ(
      ErrorOf(fake.Ask(PacketType::kErase, Fields().U8(9)), PacketType::kErase),
      Code(ErrorCode::kSlot));
}

TEST(FramesTest, ErasingTheModelThatIsSelectedLetsItGo) {
  FakeDevice fake;
  fake.Hello();
  fake.Upload(0, "m");
  fake.Select(0);
  EXPECT_EQ(fake.Ask(PacketType::kErase, Fields().U8(0)).type,
            ReplyTo(PacketType::kErase));
  EXPECT_EQ(ErrorOf(fake.Ask(PacketType::kRun), PacketType::kRun),
            Code(ErrorCode::kState));
}

TEST(FramesTest, SelectDescribesTheModel) {
  FakeDevice fake;
  fake.Hello();
  fake.Upload(0, "m");
  const std::string tensor =
      Fields().U8(9).U8(2).U32(1).U32(6).U32(6).U32(0x3F800000).U32(0);
  EXPECT_EQ(
      fake.Select(0).payload,
      std::string(Fields().U32(12).U32(12).U16(1).U8(1).U8(1).Text(tensor).Text(
          tensor)));
  EXPECT_EQ(ErrorOf(fake.Ask(PacketType::kSelect, Fields().U8(0).U8(1).U32(0)),
                    PacketType::kSelect),
            Code(ErrorCode::kMemory));
  EXPECT_EQ(ErrorOf(fake.Ask(PacketType::kSelect, Fields().U8(0).U8(7).U32(0)),
                    PacketType::kSelect),
            Code(ErrorCode::kMemory));
}

TEST(FramesTest, AModelWhoseInputsDoNotFitIsNotSelected) {
  FakeDevice fake(65, 64);
  fake.Hello();
  fake.Upload(0, "m");
  EXPECT_EQ(ErrorOf(fake.Select(0), PacketType::kSelect),
            Code(ErrorCode::kSize));
}

TEST(FramesTest, InputsComeInOrderAndBeginAnewAtZero) {
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
TEST(FramesTest, InvokeMeasuresEachIterationAndWritesTheInputAgain) {
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

TEST(FramesTest, RunTakesInputsAndGivesOutputs) {
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

TEST(FramesTest, RunIsRefusedWhereTheOutputsDoNotFitAReply) {
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

TEST(FramesTest, ProgressIsToldHalfASecondApart) {
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

TEST(FramesTest, CountersThatDisagreeAreAnError) {
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

TEST(FramesTest, RebootAnswersFirst) {
  FakeDevice fake;
  fake.Hello();
  EXPECT_EQ(fake.Ask(PacketType::kReboot).type, ReplyTo(PacketType::kReboot));
  EXPECT_EQ(fake.platform.reboots, 1);
}

TEST(FramesTest, AnAnswerGoesToThePortOfItsRequest) {
  FakeDevice fake;
  MemoryPort other_port;
  Link other(&fake.device, &other_port);
  fake.Hello();
  const std::string request =
      Frame(PacketType::kEcho, 77, FakeDevice::kNonce, "here");
  other.Receive(reinterpret_cast<const std::uint8_t*>(request.data()),
                request.size());
  EXPECT_EQ(fake.port.Take(), "");
  const std::vector<Reply> replies = ParseReplies(other_port.Take());
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].payload, "here");
}

}  // namespace
}  // namespace quantci
