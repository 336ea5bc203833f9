// The bench firmware on an ESP32-S3: memory is set aside, two ports are opened,
// and a task on core 1 answers them.
#include <algorithm>
#include <cstdint>

#include "bench_protocol/device.h"
#include "esp_flash.h"
#include "esp_heap_caps.h"
#include "esp_log.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "model_runner/tflm_runner.h"
#include "platform/board.h"
#include "platform/flash_slot.h"
#include "platform/uart_port.h"
#include "platform/usb_port.h"
#include "sdkconfig.h"

namespace {

using quantci::Bench;
using quantci::BenchMemory;
using quantci::Board;
using quantci::Device;
using quantci::FlashSlot;
using quantci::IterationTime;
using quantci::Link;
using quantci::ModelSlot;
using quantci::OpFigures;
using quantci::TflmMemory;
using quantci::TflmRunner;
using quantci::UartPort;
using quantci::UsbPort;

constexpr char kTag[] = "quantci";
constexpr std::uint8_t kSlots = 2;
constexpr std::uint32_t kMaxIterations = 512;
constexpr std::uint16_t kMaxOps = 512;
constexpr std::size_t kAlignment = 16;
constexpr std::uint32_t kPsramInput = 512u << 10;
// With less PSRAM than this its arena is worth more than room for a model.
constexpr std::size_t kPsramForModel = 3u << 20;
constexpr std::uint32_t kInternalInput = 32u << 10;
// For the stacks and the drivers, which are made after the arena.
constexpr std::size_t kInternalReserve = 32u << 10;
constexpr std::size_t kPsramReserve = 64u << 10;
constexpr std::uint32_t kStack = 16u << 10;
constexpr UBaseType_t kPriority = 10;
constexpr BaseType_t kMeasuringCore = 1;

std::uint8_t* Allocate(std::size_t bytes, std::uint32_t where) {
  return static_cast<std::uint8_t*>(
      heap_caps_aligned_alloc(kAlignment, bytes, where | MALLOC_CAP_8BIT));
}

// The largest arena there is in a kind of memory; 0 bytes without any.
std::uint8_t* AllocateArena(std::uint32_t where, std::size_t reserve,
                            std::uint32_t* bytes) {
  const std::size_t largest =
      heap_caps_get_largest_free_block(where | MALLOC_CAP_8BIT);
  const std::size_t free = heap_caps_get_free_size(where | MALLOC_CAP_8BIT);
  std::size_t size = std::min(largest, free > reserve ? free - reserve : 0);
  size = size / kAlignment * kAlignment;
  // What the allocator keeps for itself is not told: try a little less.
  std::uint8_t* arena = nullptr;
  for (; size > reserve && arena == nullptr; size -= 256) {
    arena = Allocate(size, where);
    if (arena != nullptr) break;
  }
  *bytes = arena == nullptr ? 0 : static_cast<std::uint32_t>(size);
  return arena;
}

// Starts all the same: HELLO is where the host looks first.
void Refuse(Board* board, const char* fault) {
  ESP_LOGE(kTag, "%s", fault);
  board->SetFault(fault);
}

struct Parts {
  Board* board;
  UsbPort* usb;
  UartPort* uart;
  Bench* bench;
};

void Answer(void* argument) {
  const Parts& parts = *static_cast<Parts*>(argument);
  static Device device(parts.bench);
  static Link uart(&device, parts.uart);
  static Link usb(&device, parts.usb);
  static std::uint8_t bytes[1024];
  device.Greet(&uart);
  if (parts.usb != nullptr) device.Greet(&usb);
  for (;;) {
    if (parts.usb != nullptr) {
      usb.Receive(bytes, parts.usb->Read(bytes, sizeof(bytes)));
    }
    const std::size_t size = parts.uart->Read(bytes, sizeof(bytes));
    uart.Receive(bytes, size);
    parts.board->AddOverrun(parts.uart->TakeOverrun());
    if (parts.usb == nullptr && size == 0) vTaskDelay(1);
  }
}

}  // namespace

extern "C" void app_main() {
  static Board board;
  static IterationTime times[kMaxIterations];
  static OpFigures ops[kMaxOps];

  // The ports first: their buffers have to be in internal memory.
  static UartPort uart;
  if (!uart.Open(CONFIG_QUANTCI_UART_BAUD)) ESP_LOGE(kTag, "no UART0");
#if CONFIG_QUANTCI_EMULATED
  UsbPort* usb = nullptr;
#else
  static UsbPort usb_port;
  UsbPort* usb = usb_port.Open() ? &usb_port : nullptr;
  if (usb == nullptr) ESP_LOGE(kTag, "no USB-Serial-JTAG");
#endif

  static FlashSlot memories[kSlots];
  static ModelSlot slots[kSlots];
  static const char* const kLabels[kSlots] = {"model_0", "model_1"};
  // Without its driver nothing can be written, and nobody else says so.
  if (esp_flash_default_chip == nullptr) {
    Refuse(&board, "ESP-IDF found no driver for the flash");
  }
  std::uint8_t opened = 0;
  while (opened < kSlots && memories[opened].Open(kLabels[opened])) {
    slots[opened].Open(&memories[opened]);
    ++opened;
  }

  if (opened < kSlots) Refuse(&board, "a model partition cannot be mapped");

  BenchMemory memory;
  memory.times = times;
  memory.max_iterations = kMaxIterations;
  memory.input_bytes = kPsramInput;
  memory.input = Allocate(kPsramInput, MALLOC_CAP_SPIRAM);
  if (memory.input == nullptr) {
    memory.input_bytes = kInternalInput;
    memory.input = Allocate(kInternalInput, MALLOC_CAP_INTERNAL);
  }
  if (memory.input == nullptr) {
    memory.input_bytes = 0;
    Refuse(&board, "there is no memory for inputs");
  }
  // Before the arena, which takes what is left.
  for (std::uint8_t i = 0; i < opened; ++i) {
    memory.model_bytes = std::max(memory.model_bytes, slots[i].room());
  }
  if (heap_caps_get_free_size(MALLOC_CAP_SPIRAM) >= kPsramForModel) {
    memory.model = Allocate(memory.model_bytes, MALLOC_CAP_SPIRAM);
  }
  if (memory.model == nullptr) memory.model_bytes = 0;
  TflmMemory arenas;
  arenas.ops = ops;
  arenas.max_ops = kMaxOps;
  arenas.psram =
      AllocateArena(MALLOC_CAP_SPIRAM, kPsramReserve, &arenas.psram_bytes);
  arenas.internal = AllocateArena(MALLOC_CAP_INTERNAL, kInternalReserve,
                                  &arenas.internal_bytes);

  static TflmRunner runner(&board, arenas);
  static Bench bench(&board, &runner, slots, opened, memory);
  static Parts parts{&board, usb, &uart, &bench};
  if (xTaskCreatePinnedToCore(Answer, "bench", kStack, &parts, kPriority,
                              nullptr, kMeasuringCore) != pdPASS) {
    ESP_LOGE(kTag, "there is no memory for the task that answers");
  }
}
