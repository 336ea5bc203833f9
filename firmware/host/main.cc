// quantci-device: the firmware's protocol and runner as a program of Linux.
#include <getopt.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
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
using quantci::Link;
using quantci::ModelRunner;
using quantci::ModelSlot;
using quantci::RamSlot;
using quantci::Selection;
using quantci::Terminal;

constexpr std::uint32_t kSlotBytes = 2u << 20;
constexpr std::uint32_t kInputBytes = 512u << 10;
constexpr std::uint32_t kMaxIterations = 512;
constexpr std::uint8_t kSlots = 2;

constexpr char kUsage[] =
    "usage: quantci-device [--tcp PORT] [--link PATH] [--model FILE]\n"
    "                      [--id MODEL] [--echo BYTES] [--board-id TEXT]\n"
    "\n"
    "Speaks firmware/PROTOCOL.md on a pty, whose name is printed first.\n"
    "  --tcp PORT       on 127.0.0.1:PORT instead; 0: any that is free\n"
    "  --link PATH      a symbolic link to the pty, removed at the end\n"
    "  --model FILE     is in slot 0, and selected, from the start\n"
    "  --id MODEL       its name in text mode: kws01, ic01, vww01, ad01\n"
    "  --echo BYTES     size of the echo engine's tensors, 490 by default\n"
    "  --board-id TEXT  of this virtual board\n";

struct Options {
  int tcp = -1;
  std::string link;
  std::string model;
  std::string id;
  std::uint32_t echo = 490;
  std::string board_id = "virtual-1";
};

volatile std::sig_atomic_t stopped = 0;

void Stop(int) { stopped = 1; }

std::uint32_t ParseNumber(const char* text, unsigned long most) {
  char* end = nullptr;
  const unsigned long value = std::strtoul(text, &end, 10);
  if (*text < '0' || *text > '9' || *end != 0 || value > most) {
    throw std::invalid_argument(std::string(text) +
                                " is not a number from 0 to " +
                                std::to_string(most));
  }
  return static_cast<std::uint32_t>(value);
}

Options ParseOptions(int argc, char** argv) {
  enum { kTcp = 1, kLink, kModel, kId, kEcho, kBoardId };
  const option known[] = {{"tcp", required_argument, nullptr, kTcp},
                          {"link", required_argument, nullptr, kLink},
                          {"model", required_argument, nullptr, kModel},
                          {"id", required_argument, nullptr, kId},
                          {"echo", required_argument, nullptr, kEcho},
                          {"board-id", required_argument, nullptr, kBoardId},
                          {"help", no_argument, nullptr, 'h'},
                          {nullptr, 0, nullptr, 0}};
  Options options;
  for (int c; (c = getopt_long(argc, argv, "h", known, nullptr)) != -1;) {
    switch (c) {
      case kTcp:
        options.tcp = static_cast<int>(ParseNumber(optarg, 65535));
        break;
      case kLink:
        options.link = optarg;
        break;
      case kModel:
        options.model = optarg;
        break;
      case kId:
        options.id = optarg;
        break;
      case kEcho:
        options.echo = ParseNumber(optarg, kInputBytes);
        break;
      case kBoardId:
        options.board_id = optarg;
        break;
      case 'h':
        std::fputs(kUsage, stdout);
        std::exit(0);
      default:
        std::fputs(kUsage, stderr);
        std::exit(2);
    }
  }
  if (optind < argc) {
    throw std::invalid_argument(std::string("what is ") + argv[optind] + "?");
  }
  if (options.id.size() > quantci::kMaxModelId) {
    throw std::invalid_argument("--id has more than 32 characters");
  }
  if (options.tcp >= 0 && !options.link.empty()) {
    throw std::invalid_argument("--link is for a pty, not with --tcp");
  }
  return options;
}

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
  struct alignas(16) Block {
    std::uint8_t bytes[16];
  };
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
  const BenchMemory memory{input.data(), kInputBytes, times.data(),
                           kMaxIterations};
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
  struct sigaction action{};
  action.sa_handler = Stop;  // without SA_RESTART: poll() returns
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  try {
    Run(ParseOptions(argc, argv));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "quantci-device: %s\n", error.what());
    return 2;
  }
  return 0;
}
