#include "platform/board.h"

#include "bench_protocol/fact.h"
#include "esp_attr.h"
#include "esp_clk_tree.h"
#include "esp_cpu.h"
#include "esp_system.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "nvs_flash.h"
#include "platform/build_facts.h"
#include "platform/stored_selection.h"
#include "sdkconfig.h"

namespace quantci {
namespace {

// Lives on through every reset but power-on.
struct BootRecord {
  std::uint32_t magic;
  std::uint32_t count;
};
constexpr std::uint32_t kBootMagic = 0x51424F54;
RTC_NOINIT_ATTR BootRecord boot_record;

void CountBoot() {
  const bool first =
      esp_reset_reason() == ESP_RST_POWERON || boot_record.magic != kBootMagic;
  boot_record.count = first ? 0 : boot_record.count + 1;
  boot_record.magic = kBootMagic;
}

std::uint32_t CpuHz() {
  std::uint32_t hz = 0;
  const esp_err_t error = esp_clk_tree_src_get_freq_hz(
      SOC_MOD_CLK_CPU, ESP_CLK_TREE_SRC_FREQ_PRECISION_CACHED, &hz);
  return error == ESP_OK ? hz : 0;
}

const char* ResetReason() {
  switch (esp_reset_reason()) {
    case ESP_RST_POWERON:
      return "power-on";
    case ESP_RST_SW:
      return "software";
    case ESP_RST_PANIC:
    case ESP_RST_CPU_LOCKUP:
      return "panic";
    case ESP_RST_INT_WDT:
    case ESP_RST_TASK_WDT:
    case ESP_RST_WDT:
      return "watchdog";
    case ESP_RST_BROWNOUT:
    case ESP_RST_PWR_GLITCH:
      return "brownout";
    case ESP_RST_EXT:
    case ESP_RST_USB:
    case ESP_RST_JTAG:
      return "external";
    case ESP_RST_DEEPSLEEP:
      return "deep-sleep";
    default:
      return "unknown";
  }
}

}  // namespace

Board::Board() : cpu_hz_(CpuHz()), cycles_(cpu_hz_) {
  CountBoot();
  esp_err_t error = nvs_flash_init();
  if (error == ESP_ERR_NVS_NO_FREE_PAGES ||
      error == ESP_ERR_NVS_NEW_VERSION_FOUND) {
    nvs_flash_erase();
    nvs_flash_init();
  }
}

std::uint64_t Board::Microseconds() {
  return static_cast<std::uint64_t>(esp_timer_get_time());
}

// An emulator's clocks run on while its host is busy with something else, which
// looks like a defect of the timer. It has no latency, so it counts no cycles.
std::uint64_t Board::cycles_hz() const {
#if CONFIG_QUANTCI_EMULATED
  return 0;
#else
  return cpu_hz_;
#endif
}

std::uint64_t Board::Cycles() {
  if (cycles_hz() == 0) return 0;
  const std::uint32_t counter = esp_cpu_get_cycle_count();
  return cycles_.Extend(counter, Microseconds());
}

void Board::WriteFacts(ByteWriter* text) {
  WriteBuildFacts(text);
  WriteFact(text, "reset_reason=%s", ResetReason());
  if (fault_ != nullptr) WriteFact(text, "fault=%s", fault_);
  WriteFact(text, "boot_count=%lu", static_cast<unsigned long>(boot_count()));
  WriteFact(text, "uptime_us=%llu",
            static_cast<unsigned long long>(Microseconds()));
  if (cycles_hz() != 0) {  // an emulator's clock is not the chip's either
    WriteFact(text, "clock_hz=%lu", static_cast<unsigned long>(cpu_hz_));
    WriteFact(text, "timer_hz=%lu", static_cast<unsigned long>(cycles_hz()));
  }
}

std::uint32_t Board::boot_count() { return boot_record.count; }

bool Board::LoadSelection(Selection* selection) {
  return ReadStoredSelection(selection);
}

void Board::SaveSelection(const Selection& selection) {
  StoreSelection(selection);
}

void Board::Reboot() {
  vTaskDelay(pdMS_TO_TICKS(100));  // the answer is still on its way
  esp_restart();
}

}  // namespace quantci
