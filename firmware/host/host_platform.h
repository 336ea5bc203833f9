// Linux as the device's platform.
#ifndef HOST_HOST_PLATFORM_H_
#define HOST_HOST_PLATFORM_H_

#include <cstdint>
#include <optional>
#include <string>

#include "bench_protocol/interfaces.h"

namespace quantci {

class HostPlatform final : public Platform {
 public:
  explicit HostPlatform(std::string board_id);

  // A restart of the device, as far as it is one: clock and reason.
  void Start(const char* reset_reason);
  bool reboot_wanted() const { return reboot_wanted_; }

  std::uint64_t Microseconds() override;
  std::uint64_t Cycles() override;
  // Of one reading: another process may run between two.
  Instant Now() override;
  // A nanosecond is the virtual device's cycle: the ops have figures so.
  std::uint64_t cycles_hz() const override { return 1'000'000'000; }
  void WriteFacts(ByteWriter* text) override;
  std::uint32_t boot_count() override { return boot_count_; }
  std::uint32_t overrun_bytes() override { return 0; }
  bool LoadSelection(Selection* selection) override;
  void SaveSelection(const Selection& selection) override;
  void Reboot() override { reboot_wanted_ = true; }

 private:
  std::string board_id_;
  std::string firmware_id_;
  std::string reset_reason_;
  std::uint64_t start_ns_ = 0;
  std::uint32_t boot_count_ = 0;
  bool reboot_wanted_ = false;
  std::optional<Selection> selection_;
};

}  // namespace quantci

#endif  // HOST_HOST_PLATFORM_H_
