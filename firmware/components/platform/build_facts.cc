#include "platform/build_facts.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "bench_protocol/fact.h"
#include "bench_protocol/sha256.h"
#include "esp_chip_info.h"
#include "esp_idf_version.h"
#include "esp_mac.h"
#include "esp_ota_ops.h"
#include "esp_partition.h"
#include "esp_psram.h"
#include "esp_system.h"
#include "platform/image_digest.h"
#include "sdkconfig.h"

namespace quantci {
namespace {

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

void WriteBuildFacts(ByteWriter* text) {
  WriteFact(text, "device=%s",
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
    WriteFact(text, "firmware_id=%s", hex);
  }
  esp_chip_info_t chip;
  esp_chip_info(&chip);
  WriteFact(text, "chip=%s", CONFIG_IDF_TARGET);
  WriteFact(text, "chip_revision=%u.%u", chip.revision / 100u,
            chip.revision % 100u);
  std::uint8_t mac[8];
  if (esp_efuse_mac_get_default(mac) == ESP_OK) {
    WriteFact(text, "board_id=%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
              mac[2], mac[3], mac[4], mac[5]);
  }
  WriteFact(text, "idf=%s", esp_get_idf_version());
  WriteFact(text, "optimization=%s", Optimization());
  WriteFact(text, "icache=%uKB/%uway/%uB",
            Kilobytes(CONFIG_ESP32S3_INSTRUCTION_CACHE_SIZE),
            static_cast<unsigned>(CONFIG_ESP32S3_ICACHE_ASSOCIATED_WAYS),
            static_cast<unsigned>(CONFIG_ESP32S3_INSTRUCTION_CACHE_LINE_SIZE));
  WriteFact(text, "dcache=%uKB/%uway/%uB",
            Kilobytes(CONFIG_ESP32S3_DATA_CACHE_SIZE),
            static_cast<unsigned>(CONFIG_ESP32S3_DCACHE_ASSOCIATED_WAYS),
            static_cast<unsigned>(CONFIG_ESP32S3_DATA_CACHE_LINE_SIZE));
  WriteFact(text, "flash=%s/%dMHz", FlashMode(),
            std::atoi(CONFIG_ESPTOOLPY_FLASHFREQ));  // "80m"
#if CONFIG_SPIRAM
  if (esp_psram_is_initialized()) {
    WriteFact(text, "psram=%s/%dMHz",
#if CONFIG_SPIRAM_MODE_OCT
              "octal",
#else
              "quad",
#endif
              CONFIG_SPIRAM_SPEED);
  }
#endif
}

}  // namespace quantci
