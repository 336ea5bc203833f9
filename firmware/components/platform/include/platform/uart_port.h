// UART0: what an emulator has, and a board's bridge to USB.
#ifndef PLATFORM_UART_PORT_H_
#define PLATFORM_UART_PORT_H_

#include <cstddef>
#include <cstdint>

#include "bench_protocol/interfaces.h"
#include "freertos/FreeRTOS.h"
#include "freertos/queue.h"

namespace quantci {

class UartPort final : public Port {
 public:
  // Interrupts come to the core that calls this.
  bool Open(int baud);

  // What has come; never waits.
  std::size_t Read(std::uint8_t* data, std::size_t size);
  std::size_t Poll(std::uint8_t* data, std::size_t size) override;
  // Bytes that were lost since the last call, at least.
  std::uint32_t TakeOverrun();
  void Write(const std::uint8_t* data, std::size_t size) override;

 private:
  QueueHandle_t events_ = nullptr;
};

}  // namespace quantci

#endif  // PLATFORM_UART_PORT_H_
