// A device without a machine: its clock stands until a test moves it.
#ifndef TESTS_FAKES_H_
#define TESTS_FAKES_H_

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench_protocol/bytes.h"
#include "bench_protocol/device.h"
#include "model_runner/echo_runner.h"
#include "ram_slot.h"
#include "requests.h"

namespace quantci {

class FakePlatform final : public Platform {
 public:
  std::uint64_t now_us = 1000;
  std::uint64_t hz = 0;
  double cycles_per_us = 0;
  std::uint64_t step_us = 0;       // by which each reading moves the clock
  std::uint64_t readings = ~0ULL;  // after which it throws
  std::uint32_t boots = 3;
  int reboots = 0;
  std::optional<Selection> saved;

  std::uint64_t Microseconds() override {
    if (readings-- == 0) throw std::runtime_error("the clock was read enough");
    const std::uint64_t now = now_us;
    now_us += step_us;
    return now;
  }
  std::uint64_t Cycles() override {
    return static_cast<std::uint64_t>(static_cast<double>(now_us) *
                                      cycles_per_us);
  }
  std::uint64_t cycles_hz() const override { return hz; }
  void WriteFacts(ByteWriter* text) override { text->Text("device=virtual\n"); }
  std::uint32_t boot_count() override { return boots; }
  std::uint32_t overrun_bytes() override { return 0; }
  bool LoadSelection(Selection* selection) override {
    if (saved) *selection = *saved;
    return saved.has_value();
  }
  void SaveSelection(const Selection& selection) override { saved = selection; }
  void Reboot() override { ++reboots; }
};

class MemoryPort final : public Port {
 public:
  std::string written;
  void Write(const std::uint8_t* data, std::size_t size) override {
    written.append(reinterpret_cast<const char*>(data), size);
  }
  std::string comes;  // while a request is carried out
  std::size_t Poll(std::uint8_t* data, std::size_t size) override {
    const std::size_t got = comes.copy(reinterpret_cast<char*>(data), size);
    comes.erase(0, got);
    return got;
  }
  std::string Take() {
    std::string all;
    all.swap(written);
    return all;
  }
};

// A device of two slots with the echo engine, and a host's end of its port.
class FakeDevice {
 public:
  static constexpr std::uint32_t kNonce = 0x1234ABCD;
  static constexpr std::uint32_t kSlotBytes = 16384;
  static constexpr std::uint32_t kModelBytes = 1024;  // in PSRAM

  explicit FakeDevice(std::uint32_t tensor_bytes = 6,
                      std::uint32_t input_bytes = 64)
      : copy(kModelBytes),
        input_(input_bytes),
        times_(8),
        tensors_(2 * tensor_bytes),
        runner(tensors_.data(), tensors_.data() + tensor_bytes, tensor_bytes) {
    for (std::size_t i = 0; i < 2; ++i) slots[i].Open(&memories[i]);
  }

  std::string Send(const std::string& bytes) {
    link.Receive(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                 bytes.size());
    return port.Take();
  }

  // A request with the next sequence; the packets that come back.
  std::vector<Reply> Request(PacketType type, const std::string& payload = "") {
    return ParseReplies(Send(Frame(type, ++sequence, kNonce, payload)));
  }

  // What a request answers, which has to be one packet.
  Reply Ask(PacketType type, const std::string& payload = "") {
    const std::vector<Reply> replies = Request(type, payload);
    return replies.size() == 1 ? replies[0] : Reply();
  }

  void Hello() { Ask(PacketType::kHello, Fields().U16(1)); }

  void Upload(std::uint8_t slot, const std::string& model) {
    Ask(PacketType::kBegin, Fields()
                                .U8(slot)
                                .U32(static_cast<std::uint32_t>(model.size()))
                                .Text(Sha256Of(model)));
    Ask(PacketType::kChunk, Fields().U8(slot).U32(0).Text(model));
    Ask(PacketType::kEnd, Fields().U8(slot));
  }

  Reply Select(std::uint8_t slot, const std::string& id = "kws01") {
    return Ask(PacketType::kSelect, Fields().U8(slot).U8(0).U32(0).Text(id));
  }

  std::vector<std::uint8_t> copy;  // of the model that runs from PSRAM

 private:
  std::vector<std::uint8_t> input_;
  std::vector<IterationTime> times_;
  std::vector<std::uint8_t> tensors_;

 public:
  FakePlatform platform;
  MemoryPort port;
  EchoRunner runner;
  RamSlot memories[2] = {RamSlot(kSlotBytes), RamSlot(kSlotBytes)};
  ModelSlot slots[2];
  Bench bench{
      &platform, &runner, slots, 2,
      BenchMemory{input_.data(), static_cast<std::uint32_t>(input_.size()),
                  times_.data(), static_cast<std::uint32_t>(times_.size()),
                  copy.data(), kModelBytes}};
  Device device{&bench};
  Link link{&device, &port};
  std::uint16_t sequence = 0;
};

}  // namespace quantci

#endif  // TESTS_FAKES_H_
