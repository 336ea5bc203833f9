// tests/data/protocol_vectors.json, which the tests of the host read too.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <vector>

#include "fakes.h"
#include "hex.h"

namespace quantci {
namespace {

using nlohmann::json;

const json& Vectors() {
  static const json vectors = json::parse(std::ifstream(VECTORS));
  return vectors;
}

// Collects what a receiver makes of a line.
class Collector final : public ReceiverHandler {
 public:
  std::vector<std::string> packets;  // head, payload and check, as they came
  std::string text;
  int dropped = 0;

  void OnPacket(const Packet& packet) override {
    const auto* start =
        reinterpret_cast<const char*>(packet.payload) - kHeadSize;
    packets.emplace_back(start, kHeadSize + packet.size + 4);
  }
  void OnCharacter(char character) override { text += character; }
  void OnFrame() override {}
  void OnDropped() override { ++dropped; }
};

std::string Raw(const std::string& line) {
  std::vector<std::uint8_t> raw(line.begin() + 1, line.end() - 1);
  std::size_t size = 0;
  EXPECT_TRUE(CobsDecode(raw.data(), raw.size(), &size));
  return std::string(raw.begin(), raw.begin() + static_cast<long>(size));
}

const json& PacketNamed(const std::string& name) {
  for (const json& vector : Vectors()["packets"]) {
    if (vector["name"] == name) return vector;
  }
  throw std::out_of_range(name);
}

TEST(VectorsTest, PacketsAreWrittenAndRead) {
  ASSERT_FALSE(Vectors()["packets"].empty());
  for (const json& vector : Vectors()["packets"]) {
    SCOPED_TRACE(vector["name"].get<std::string>());
    const std::string payload = FromHex(vector["payload_hex"]);
    const std::string line = FromHex(vector["line_hex"]);
    EXPECT_EQ(Frame(static_cast<PacketType>(vector["type"].get<int>()),
                    vector["sequence"], vector["nonce"], payload),
              line);
    const std::vector<Reply> read = ParseReplies(line);
    if (payload.size() > kMaxPayload) {
      EXPECT_TRUE(read.empty());
      continue;
    }
    ASSERT_EQ(read.size(), 1u);
    EXPECT_EQ(read[0].type, vector["type"]);
    EXPECT_EQ(read[0].sequence, vector["sequence"]);
    EXPECT_EQ(read[0].nonce, vector["nonce"]);
    EXPECT_EQ(read[0].payload, payload);
  }
}

TEST(VectorsTest, TheReceiverStaysInStep) {
  FakePlatform platform;
  ASSERT_FALSE(Vectors()["receiver"].empty());
  for (const json& vector : Vectors()["receiver"]) {
    SCOPED_TRACE(vector["name"].get<std::string>());
    const json& device = vector["device"];
    const std::string line = FromHex(vector["line_hex"]);
    std::vector<std::string> wanted;
    for (const json& name : device["packets"]) {
      wanted.push_back(Raw(FromHex(PacketNamed(name)["line_hex"])));
    }
    // At once, and byte by byte.
    for (const std::size_t step : {line.size() + 1, std::size_t{1}}) {
      Collector got;
      Receiver receiver(&got, &platform);
      for (std::size_t i = 0; i < line.size(); i += step) {
        const std::string part = line.substr(i, step);
        receiver.Put(reinterpret_cast<const std::uint8_t*>(part.data()),
                     part.size());
      }
      EXPECT_EQ(got.packets, wanted);
      EXPECT_EQ(got.text, FromHex(device["text_hex"]));
      EXPECT_EQ(got.dropped, device["dropped"]);
    }
  }
}

TEST(VectorsTest, AnInvocationIsCancelled) {
  const json& vector = Vectors()["cancel"];
  const std::uint32_t nonce = PacketNamed("cancel")["nonce"];
  FakeDevice fake;
  fake.Send(Frame(PacketType::kHello, 1, nonce, Fields().U16(1)));
  const std::string model = "a model";
  const std::string begin = Fields().U8(0).U32(7).Text(Sha256Of(model));
  fake.Send(Frame(PacketType::kBegin, 2, nonce, begin));
  fake.Send(
      Frame(PacketType::kChunk, 3, nonce, Fields().U8(0).U32(0).Text(model)));
  fake.Send(Frame(PacketType::kEnd, 4, nonce, Fields().U8(0)));
  fake.Send(Frame(PacketType::kSelect, 5, nonce, Fields().U8(0).U8(0).U32(0)));
  fake.Send(Frame(PacketType::kInput, 6, nonce,
                  Fields().U8(0).U32(0).Text("abcdef")));
  std::string sent;
  std::string wanted;
  for (const json& name : vector["send"]) {
    sent += FromHex(PacketNamed(name)["line_hex"]);
  }
  for (const json& name : vector["expect"]) {
    wanted += FromHex(PacketNamed(name)["line_hex"]);
  }
  EXPECT_EQ(fake.Send(sent), wanted);
}

TEST(VectorsTest, AModelIsSelectedInPsram) {
  const json& select = PacketNamed("select-psram");
  const std::string model = "a model";
  FakeDevice fake;
  fake.Hello();
  fake.Upload(0, model);
  const std::string line = FromHex(select["line_hex"]);
  ASSERT_EQ(select["nonce"], FakeDevice::kNonce);
  const std::vector<Reply> replies = ParseReplies(fake.Send(line));
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(replies[0].type, ReplyTo(PacketType::kSelect));
  EXPECT_EQ(fake.runner.model(), fake.copy.data());
  EXPECT_EQ(std::string(fake.copy.begin(), fake.copy.begin() + 7), model);
  ASSERT_TRUE(fake.platform.saved.has_value());
  EXPECT_EQ(fake.platform.saved->place, ModelPlace::kPsram);
  EXPECT_EQ(fake.platform.saved->region, ArenaRegion::kInternal);
  fake.Select(0);
  EXPECT_EQ(fake.runner.model(), fake.slots[0].data());
}

TEST(VectorsTest, TextIsAnsweredToTheByte) {
  ASSERT_FALSE(Vectors()["text"].empty());
  for (const json& vector : Vectors()["text"]) {
    SCOPED_TRACE(vector["name"].get<std::string>());
    FakeDevice fake;
    std::string wanted = vector["expect"];
    for (std::size_t at; (at = wanted.find("<us>")) != std::string::npos;) {
      wanted.replace(at, 4, "1000");  // where the fake clock stands
    }
    EXPECT_EQ(fake.Send(vector["send"]), wanted);
  }
}

}  // namespace
}  // namespace quantci
