// What is left of a slot after a restart.
#include "bench_protocol/model_slot.h"

#include <gtest/gtest.h>

#include <string>

#include "fakes.h"
#include "ram_slot.h"

namespace quantci {
namespace {

const std::uint8_t* Data(const std::string& bytes) {
  return reinterpret_cast<const std::uint8_t*>(bytes.data());
}

class ModelSlotTest : public testing::Test {
 protected:
  std::uint32_t Begin(ModelSlot* slot) {
    std::uint32_t offset = 0;
    EXPECT_TRUE(slot->Begin(static_cast<std::uint32_t>(model.size()),
                            Data(sha256), &offset)
                    .ok());
    return offset;
  }
  void Write(ModelSlot* slot, std::uint32_t offset, std::size_t size) {
    std::uint32_t next = 0;
    EXPECT_TRUE(slot->Write(offset, Data(model) + offset, size, &next).ok());
    EXPECT_EQ(next, offset + size);
  }

  const std::string model = std::string(1000, 'm') + std::string(300, '\xFF');
  const std::string sha256 = Sha256Of(model);
  RamSlot memory{4096};
};

TEST_F(ModelSlotTest, AnUploadIsTakenUpAtThePageThatMayBeHalfWritten) {
  ModelSlot before;
  before.Open(&memory);
  Begin(&before);
  Write(&before, 0, 700);
  ModelSlot after;
  after.Open(&memory);
  EXPECT_FALSE(after.holds_model());
  EXPECT_EQ(Begin(&after), 512u);
  Write(&after, 512, model.size() - 512);
  std::uint8_t digest[kSha256Size];
  EXPECT_TRUE(after.End(digest).ok());
  EXPECT_TRUE(after.holds_model());
}

TEST_F(ModelSlotTest, AModelIsHashedAgainAtTheStart) {
  ModelSlot slot;
  slot.Open(&memory);
  Begin(&slot);
  Write(&slot, 0, model.size());
  std::uint8_t digest[kSha256Size];
  ASSERT_TRUE(slot.End(digest).ok());
  slot.Open(&memory);
  EXPECT_TRUE(slot.holds_model());
  memory.Write(17, Data("x"), 1);
  slot.Open(&memory);
  EXPECT_FALSE(slot.holds_model());
  EXPECT_EQ(Begin(&slot), 0u);
}

TEST_F(ModelSlotTest, AnotherModelBeginsAtZero) {
  ModelSlot slot;
  slot.Open(&memory);
  Begin(&slot);
  Write(&slot, 0, 700);
  std::uint32_t offset = 1;
  EXPECT_TRUE(slot.Begin(5, Data(sha256), &offset).ok());
  EXPECT_EQ(offset, 0u);
}

class BrokenSlot final : public SlotMemory {
 public:
  std::uint32_t bytes() const override { return 16; }
  const std::uint8_t* data() const override { return nullptr; }
  bool ReadHead(SlotHead*) override { return false; }
  bool Prepare(const SlotHead&) override { return false; }
  bool Write(std::uint32_t, const std::uint8_t*, std::size_t) override {
    return false;
  }
  bool SetComplete() override { return false; }
  bool Clear() override { return false; }
};

TEST_F(ModelSlotTest, FlashThatFailsIsSaidToFail) {
  BrokenSlot broken;
  ModelSlot slot;
  slot.Open(&broken);
  std::uint32_t offset = 0;
  EXPECT_EQ(slot.Begin(4, Data(sha256), &offset).code(), ErrorCode::kStorage);
  EXPECT_EQ(slot.Erase().code(), ErrorCode::kStorage);
}

}  // namespace
}  // namespace quantci
