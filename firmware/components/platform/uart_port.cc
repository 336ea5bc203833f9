#include "platform/uart_port.h"

#include <algorithm>

#include "bench_protocol/packet.h"
#include "driver/uart.h"
#include "esp_intr_alloc.h"
#include "sdkconfig.h"

namespace quantci {
namespace {

constexpr uart_port_t kUart = UART_NUM_0;
// There is no flow control: all that a host may send without an answer.
constexpr int kReceiveBuffer = 2 * kWindow;
constexpr int kEvents = 32;
constexpr std::uint32_t kFifo = 128;

}  // namespace

bool UartPort::Open(int baud) {
  uart_config_t config = {};
  config.baud_rate = baud;
  config.data_bits = UART_DATA_8_BITS;
  config.parity = UART_PARITY_DISABLE;
  config.stop_bits = UART_STOP_BITS_1;
  config.flow_ctrl = UART_HW_FLOWCTRL_DISABLE;
  config.source_clk = UART_SCLK_DEFAULT;
#if CONFIG_UART_ISR_IN_IRAM
  constexpr int kFlags = ESP_INTR_FLAG_IRAM;
#else
  constexpr int kFlags = 0;
#endif
  // Without a buffer for sending: writing waits, and nothing is lost.
  return uart_driver_install(kUart, kReceiveBuffer, 0, kEvents, &events_,
                             kFlags) == ESP_OK &&
         uart_param_config(kUart, &config) == ESP_OK;
}

std::size_t UartPort::Read(std::uint8_t* data, std::size_t size) {
  std::size_t there = 0;
  if (uart_get_buffered_data_len(kUart, &there) != ESP_OK || there == 0) {
    return 0;
  }
  const int got = uart_read_bytes(
      kUart, data, static_cast<std::uint32_t>(std::min(there, size)), 0);
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

std::size_t UartPort::Poll(std::uint8_t* data, std::size_t size) {
  return Read(data, size);
}

std::uint32_t UartPort::TakeOverrun() {
  std::uint32_t lost = 0;
  uart_event_t event;
  while (xQueueReceive(events_, &event, 0) == pdTRUE) {
    // The driver empties the FIFO then.
    if (event.type == UART_FIFO_OVF) lost += kFifo;
  }
  return lost;
}

void UartPort::Write(const std::uint8_t* data, std::size_t size) {
  uart_write_bytes(kUart, data, size);
}

}  // namespace quantci
