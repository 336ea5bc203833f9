// The ESP32-S3's own USB: a serial port, without a rate.
#ifndef PLATFORM_USB_PORT_H_
#define PLATFORM_USB_PORT_H_

#include <cstddef>
#include <cstdint>

#include "bench_protocol/interfaces.h"

namespace quantci {

class UsbPort final : public Port {
 public:
  // Interrupts come to the core that calls this.
  bool Open();

  // Waits for at most one tick of FreeRTOS.
  std::size_t Read(std::uint8_t* data, std::size_t size);
  std::size_t Poll(std::uint8_t* data, std::size_t size) override;
  void Write(const std::uint8_t* data, std::size_t size) override;
};

}  // namespace quantci

#endif  // PLATFORM_USB_PORT_H_
