// An ESP32-S3 as the device's platform.
#ifndef PLATFORM_BOARD_H_
#define PLATFORM_BOARD_H_

#include <cstdint>

#include "bench_protocol/cycle_counter.h"
#include "bench_protocol/interfaces.h"

namespace quantci {

class Board final : public Platform {
 public:
  Board();

  // On the core that calls, which must be the same one always: each core
  // counts cycles by itself.
  std::uint64_t Microseconds() override;
  std::uint64_t Cycles() override;
  std::uint64_t cycles_hz() const override;
  void WriteFacts(ByteWriter* text) override;
  std::uint32_t boot_count() override;
  std::uint32_t overrun_bytes() override { return overrun_bytes_; }
  // What went wrong at the start, for HELLO; the first counts.
  void SetFault(const char* fault) {
    if (fault_ == nullptr) fault_ = fault;
  }
  void AddOverrun(std::uint32_t bytes) { overrun_bytes_ += bytes; }
  bool LoadSelection(Selection* selection) override;
  void SaveSelection(const Selection& selection) override;
  void Reboot() override;

 private:
  std::uint32_t cpu_hz_;
  CycleCounter cycles_;
  std::uint32_t overrun_bytes_ = 0;
  const char* fault_ = nullptr;
};

}  // namespace quantci

#endif  // PLATFORM_BOARD_H_
