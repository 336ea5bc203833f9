#include "host_platform.h"

#include <chrono>
#include <fstream>
#include <iterator>
#include <vector>

namespace quantci {
namespace {

std::uint64_t Nanoseconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

std::string HashOfThisProgram() {
  std::ifstream file("/proc/self/exe", std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  std::uint8_t digest[kSha256Size];
  char hex[2 * kSha256Size + 1];
  Sha256(bytes.data(), bytes.size(), digest);
  ToHex(digest, hex);
  return hex;
}

}  // namespace

HostPlatform::HostPlatform(std::string board_id)
    : board_id_(std::move(board_id)), firmware_id_(HashOfThisProgram()) {}

void HostPlatform::Start(const char* reset_reason) {
  if (start_ns_ != 0) ++boot_count_;
  start_ns_ = Nanoseconds();
  reset_reason_ = reset_reason;
  reboot_wanted_ = false;
}

std::uint64_t HostPlatform::Microseconds() { return Cycles() / 1000; }

std::uint64_t HostPlatform::Cycles() { return Nanoseconds() - start_ns_; }

Instant HostPlatform::Now() {
  const std::uint64_t nanoseconds = Cycles();
  return {nanoseconds, nanoseconds / 1000};
}

void HostPlatform::WriteFacts(ByteWriter* text) {
  const std::string facts =
      "device=virtual\nchip=host\nfirmware_id=" + firmware_id_ +
      "\nboard_id=" + board_id_ + "\nreset_reason=" + reset_reason_ +
      "\nboot_count=" + std::to_string(boot_count_) +
      "\nuptime_us=" + std::to_string(Microseconds()) +
      "\ntimer_hz=" + std::to_string(cycles_hz()) +
      "\noptimization=" QUANTCI_OPTIMIZATION "\n";
  text->Text(facts.c_str());
}

bool HostPlatform::LoadSelection(Selection* selection) {
  if (selection_) *selection = *selection_;
  return selection_.has_value();
}

void HostPlatform::SaveSelection(const Selection& selection) {
  selection_ = selection;
}

}  // namespace quantci
