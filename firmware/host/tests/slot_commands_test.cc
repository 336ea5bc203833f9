// Models: into a slot, out of it, and which one runs.
#include <gtest/gtest.h>

#include <string>

#include "fakes.h"

namespace quantci {
namespace {

TEST(SlotCommandsTest, AModelThatPsramHasNoRoomForIsRefused) {
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

TEST(SlotCommandsTest, AModelIsTakenInPiecesAndChecked) {
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

TEST(SlotCommandsTest, AModelWithAnotherHashEmptiesTheSlot) {
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

TEST(SlotCommandsTest, SlotsAndSizesThatThereAreNotAreErrors) {
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

TEST(SlotCommandsTest, ErasingTheModelThatIsSelectedLetsItGo) {
  FakeDevice fake;
  fake.Hello();
  fake.Upload(0, "m");
  fake.Select(0);
  EXPECT_EQ(fake.Ask(PacketType::kErase, Fields().U8(0)).type,
            ReplyTo(PacketType::kErase));
  EXPECT_EQ(ErrorOf(fake.Ask(PacketType::kRun), PacketType::kRun),
            Code(ErrorCode::kState));
}

TEST(SlotCommandsTest, SelectDescribesTheModel) {
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

TEST(SlotCommandsTest, AModelWhoseInputsDoNotFitIsNotSelected) {
  FakeDevice fake(65, 64);
  fake.Hello();
  fake.Upload(0, "m");
  EXPECT_EQ(ErrorOf(fake.Select(0), PacketType::kSelect),
            Code(ErrorCode::kSize));
}

}  // namespace
}  // namespace quantci
