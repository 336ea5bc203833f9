// Requests and their answers in frames, whatever they ask.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fakes.h"

namespace quantci {
namespace {

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
