#include "platform/board.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "esp_attr.h"
#include "esp_chip_info.h"
#include "esp_clk_tree.h"
#include "esp_cpu.h"
#include "esp_idf_version.h"
#include "esp_mac.h"
#include "esp_ota_ops.h"
#include "esp_partition.h"
#include "esp_psram.h"
#include "esp_system.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "nvs.h"
#include "nvs_flash.h"
#include "platform/image_digest.h"
#include "sdkconfig.h"

namespace quantci {
namespace {

constexpr char kNamespace[] = "quantci";
constexpr char kSelected[] = "selected";

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

const char* Optimization() {
#if CONFIG_COMPILER_OPTIMIZATION_PERF
  return "O2";
#elif CONFIG_COMPILER_OPTIMIZATION_SIZE
  return "Os";
#elif CONFIG_COMPILER_OPTIMIZATION_NONE
  return "O0";
#else
  return "Og";
#endif
}

const char* FlashMode() {
#if CONFIG_ESPTOOLPY_FLASHMODE_QIO
  return "qio";
#elif CONFIG_ESPTOOLPY_FLASHMODE_QOUT
  return "qout";
#elif CONFIG_ESPTOOLPY_FLASHMODE_DIO
  return "dio";
#elif CONFIG_ESPTOOLPY_FLASHMODE_DOUT
  return "dout";  // codespell:ignore
#else
  return "opi";
#endif
}

[[gnu::format(printf, 2, 3)]]
void Fact(ByteWriter* text, const char* format, ...) {
  char line[128];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(line, sizeof(line), format, arguments);
  va_end(arguments);
  text->Text(line);
  text->Text("\n");
}

class RunningImage final : public ImageReader {
 public:
  bool Read(std::uint32_t offset, void* to, std::size_t size) override {
    return partition_ != nullptr &&
           esp_partition_read(partition_, offset, to, size) == ESP_OK;
  }

 private:
  const esp_partition_t* partition_ = esp_ota_get_running_partition();
};

unsigned Kilobytes(unsigned bytes) { return bytes / 1024; }

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
  Fact(text, "device=%s",
#if CONFIG_QUANTCI_EMULATED
       "emulated"
#else
       "board"
#endif
  );
  std::uint8_t digest[kSha256Size];
  char hex[2 * kSha256Size + 1];
  RunningImage running;
  if (ReadImageDigest(&running, digest)) {
    ToHex(digest, hex);
    Fact(text, "firmware_id=%s", hex);
  }
  esp_chip_info_t chip;
  esp_chip_info(&chip);
  Fact(text, "chip=%s", CONFIG_IDF_TARGET);
  Fact(text, "chip_revision=%u.%u", chip.revision / 100u, chip.revision % 100u);
  std::uint8_t mac[8];
  if (esp_efuse_mac_get_default(mac) == ESP_OK) {
    Fact(text, "board_id=%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
         mac[3], mac[4], mac[5]);
  }
  Fact(text, "reset_reason=%s", ResetReason());
  if (fault_ != nullptr) Fact(text, "fault=%s", fault_);
  Fact(text, "boot_count=%lu", static_cast<unsigned long>(boot_count()));
  Fact(text, "uptime_us=%llu", static_cast<unsigned long long>(Microseconds()));
  if (cycles_hz() != 0) {  // an emulator's clock is not the chip's either
    Fact(text, "clock_hz=%lu", static_cast<unsigned long>(cpu_hz_));
    Fact(text, "timer_hz=%lu", static_cast<unsigned long>(cycles_hz()));
  }
  Fact(text, "idf=%s", esp_get_idf_version());
  Fact(text, "optimization=%s", Optimization());
  Fact(text, "icache=%uKB/%uway/%uB",
       Kilobytes(CONFIG_ESP32S3_INSTRUCTION_CACHE_SIZE),
       static_cast<unsigned>(CONFIG_ESP32S3_ICACHE_ASSOCIATED_WAYS),
       static_cast<unsigned>(CONFIG_ESP32S3_INSTRUCTION_CACHE_LINE_SIZE));
  Fact(text, "dcache=%uKB/%uway/%uB", Kilobytes(CONFIG_ESP32S3_DATA_CACHE_SIZE),
       static_cast<unsigned>(CONFIG_ESP32S3_DCACHE_ASSOCIATED_WAYS),
       static_cast<unsigned>(CONFIG_ESP32S3_DATA_CACHE_LINE_SIZE));
  Fact(text, "flash=%s/%dMHz", FlashMode(),
       std::atoi(CONFIG_ESPTOOLPY_FLASHFREQ));  // "80m"
#if CONFIG_SPIRAM
  if (esp_psram_is_initialized()) {
    Fact(text, "psram=%s/%dMHz",
#if CONFIG_SPIRAM_MODE_OCT
         "octal",
#else
         "quad",
#endif
         CONFIG_SPIRAM_SPEED);
  }
#endif
}

std::uint32_t Board::boot_count() { return boot_record.count; }

bool Board::LoadSelection(Selection* selection) {
  nvs_handle_t handle;
  if (nvs_open(kNamespace, NVS_READONLY, &handle) != ESP_OK) return false;
  Selection stored;
  std::size_t size = sizeof(stored);
  const bool found =
      nvs_get_blob(handle, kSelected, &stored, &size) == ESP_OK &&
      size == sizeof(stored);
  nvs_close(handle);
  if (!found) return false;
  stored.model_id[kMaxModelId] = 0;
  *selection = stored;
  return true;
}

void Board::SaveSelection(const Selection& selection) {
  Selection stored;
  if (LoadSelection(&stored) && stored.slot == selection.slot &&
      stored.region == selection.region &&
      stored.arena_bytes == selection.arena_bytes &&
      std::strcmp(stored.model_id, selection.model_id) == 0) {
    return;  // flash wears
  }
  nvs_handle_t handle;
  if (nvs_open(kNamespace, NVS_READWRITE, &handle) != ESP_OK) return;
  nvs_set_blob(handle, kSelected, &selection, sizeof(selection));
  nvs_commit(handle);
  nvs_close(handle);
}

void Board::Reboot() {
  vTaskDelay(pdMS_TO_TICKS(100));  // the answer is still on its way
  esp_restart();
}

}  // namespace quantci
