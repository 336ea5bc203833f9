// quantci-device: the firmware's protocol and runner as a program of Linux.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench_protocol/device.h"
#include "host_platform.h"
#include "options.h"
#include "ram_slot.h"
#include "terminal.h"

#if QUANTCI_TFLM
#include "model_runner/tflm_runner.h"
#else
#include "model_runner/echo_runner.h"
#endif

namespace {

using quantci::Bench;
using quantci::BenchMemory;
using quantci::Device;
using quantci::HostPlatform;
using quantci::IterationTime;
using quantci::kInputBytes;
using quantci::Link;
using quantci::ModelRunner;
using quantci::ModelSlot;
using quantci::Options;
using quantci::RamSlot;
using quantci::Selection;
using quantci::Terminal;

constexpr std::uint32_t kSlotBytes = 2u << 20;
constexpr std::uint32_t kMaxIterations = 512;
struct alignas(16) Block {
  std::uint8_t bytes[16];
};
constexpr std::uint8_t kSlots = 2;

volatile std::sig_atomic_t stopped = 0;

void Stop(int) { stopped = 1; }

void Preload(const Options& options, RamSlot* memory, HostPlatform* platform) {
  std::ifstream file(options.model, std::ios::binary);
  const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(file),
                                        {}};
  if (bytes.empty()) {
    throw std::runtime_error(options.model + " is empty or cannot be read");
  }
  std::uint8_t digest[quantci::kSha256Size];
  quantci::Sha256(bytes.data(), bytes.size(), digest);
  ModelSlot slot;
  slot.Open(memory);
  std::uint32_t next = 0;
  quantci::Status status =
      slot.Begin(static_cast<std::uint32_t>(bytes.size()), digest, &next);
  if (status.ok()) status = slot.Write(0, bytes.data(), bytes.size(), &next);
  if (status.ok()) status = slot.End(digest);
  if (!status.ok())
    throw std::runtime_error(options.model + ": " + status.text());
  Selection selection;
  std::memcpy(selection.model_id, options.id.c_str(), options.id.size());
  platform->SaveSelection(selection);
}

std::unique_ptr<Terminal> OpenTerminal(const Options& options) {
  if (options.tcp >= 0) {
    return std::make_unique<quantci::TcpPort>(
        static_cast<std::uint16_t>(options.tcp));
  }
  return std::make_unique<quantci::Pty>();
}

// From one start of the device to the next.
void RunOnce(HostPlatform* platform, ModelRunner* runner, RamSlot* memories,
             const BenchMemory& memory, Terminal* terminal) {
  ModelSlot slots[kSlots];
  for (std::uint8_t i = 0; i < kSlots; ++i) slots[i].Open(&memories[i]);
  runner->Unload();
  Bench bench(platform, runner, slots, kSlots, memory);
  Device device(&bench);
  Link link(&device, terminal);
  device.Greet(&link);
  std::vector<std::uint8_t> bytes(64u << 10);
  while (stopped == 0 && !platform->reboot_wanted()) {
    constexpr int kTickMs = 100;
    link.Receive(bytes.data(),
                 terminal->Read(bytes.data(), bytes.size(), kTickMs));
  }
}

void Run(const Options& options) {
  HostPlatform platform(options.board_id);
  RamSlot memories[kSlots] = {RamSlot(kSlotBytes), RamSlot(kSlotBytes)};
  std::vector<std::uint8_t> input(kInputBytes);
  std::vector<IterationTime> times(kMaxIterations);
#if QUANTCI_TFLM
  constexpr std::size_t kInternal = 512u << 10;
  constexpr std::size_t kPsram = 8u << 20;
  constexpr std::uint16_t kOps = 1024;
  std::vector<quantci::OpFigures> ops(kOps);
  std::vector<Block> internal(kInternal / sizeof(Block));
  std::vector<Block> psram(kPsram / sizeof(Block));
  quantci::TflmMemory arenas;
  arenas.internal = internal.data()->bytes;
  arenas.internal_bytes = kInternal;
  arenas.psram = psram.data()->bytes;
  arenas.psram_bytes = kPsram;
  arenas.ops = ops.data();
  arenas.max_ops = kOps;
  quantci::TflmRunner runner(&platform, arenas);
#else
  std::vector<std::uint8_t> tensors(2 * options.echo + 1);
  quantci::EchoRunner runner(tensors.data(), tensors.data() + options.echo,
                             options.echo);
#endif
  if (!options.model.empty()) Preload(options, &memories[0], &platform);

  const std::unique_ptr<Terminal> terminal = OpenTerminal(options);
  std::printf("%s\n", terminal->name().c_str());
  std::fflush(stdout);
  if (!options.link.empty()) {
    unlink(options.link.c_str());
    if (symlink(terminal->name().c_str(), options.link.c_str()) != 0) {
      throw std::runtime_error("cannot make the link " + options.link);
    }
  }
  std::vector<Block> copy(kSlotBytes / sizeof(Block));  // a model in PSRAM
  const BenchMemory memory{input.data(),   kInputBytes,   times.data(),
                           kMaxIterations, copy[0].bytes, kSlotBytes};
  const char* reason = "power-on";
  while (stopped == 0) {
    platform.Start(reason);
    RunOnce(&platform, &runner, memories, memory, terminal.get());
    reason = "software";
  }
  if (!options.link.empty()) unlink(options.link.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  struct sigaction action {};
  action.sa_handler = Stop;  // without SA_RESTART: poll() returns
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  try {
    Run(quantci::ParseOptions(argc, argv));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "quantci-device: %s\n", error.what());
    return 2;
  }
  return 0;
}
