#include "platform/usb_port.h"

#include <algorithm>

#include "bench_protocol/packet.h"
#include "driver/usb_serial_jtag.h"
#include "freertos/FreeRTOS.h"

namespace quantci {
namespace {

constexpr std::uint32_t kReceiveBuffer = 2 * kWindow;
constexpr std::uint32_t kSendBuffer = 8192;
constexpr std::size_t kPiece = 1024;
constexpr TickType_t kSendTicks = pdMS_TO_TICKS(500);

}  // namespace

bool UsbPort::Open() {
  usb_serial_jtag_driver_config_t config = {};
  config.rx_buffer_size = kReceiveBuffer;
  config.tx_buffer_size = kSendBuffer;
  return usb_serial_jtag_driver_install(&config) == ESP_OK;
}

namespace {

std::size_t ReadWithin(TickType_t ticks, std::uint8_t* data, std::size_t size) {
  const int got =
      usb_serial_jtag_read_bytes(data, static_cast<std::uint32_t>(size), ticks);
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

}  // namespace

std::size_t UsbPort::Read(std::uint8_t* data, std::size_t size) {
  return ReadWithin(1, data, size);
}

std::size_t UsbPort::Poll(std::uint8_t* data, std::size_t size) {
  return ReadWithin(0, data, size);
}

// The driver takes a piece as a whole, or nothing: then nobody reads.
void UsbPort::Write(const std::uint8_t* data, std::size_t size) {
  while (size > 0 && usb_serial_jtag_is_connected()) {
    const std::size_t piece = std::min(size, kPiece);
    const int sent = usb_serial_jtag_write_bytes(data, piece, kSendTicks);
    if (sent <= 0) return;
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
}

}  // namespace quantci
