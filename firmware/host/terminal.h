// What the host sees of the virtual device: a pty, or a TCP port of this
// machine.
#ifndef HOST_TERMINAL_H_
#define HOST_TERMINAL_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "bench_protocol/interfaces.h"

namespace quantci {

class Terminal : public Port {
 public:
  virtual ~Terminal() = default;

  // How to open it: the pty's path, or socket://127.0.0.1:PORT.
  virtual std::string name() const = 0;
  // Waits for bytes; 0 after `timeout_ms` without any, or while nobody has
  // connected.
  virtual std::size_t Read(std::uint8_t* data, std::size_t size,
                           int timeout_ms) = 0;
  std::size_t Poll(std::uint8_t* data, std::size_t size) final {
    return Read(data, size, 0);
  }
};

class Pty final : public Terminal {
 public:
  Pty();
  ~Pty() override;
  std::string name() const override;
  std::size_t Read(std::uint8_t* data, std::size_t size,
                   int timeout_ms) override;
  void Write(const std::uint8_t* data, std::size_t size) override;

 private:
  int master_ = -1;
  int slave_ = -1;  // kept open: otherwise reading ends when the host closes it
};

class TcpPort final : public Terminal {
 public:
  // Port 0: any that is free.
  explicit TcpPort(std::uint16_t port);
  ~TcpPort() override;
  std::string name() const override;
  std::size_t Read(std::uint8_t* data, std::size_t size,
                   int timeout_ms) override;
  void Write(const std::uint8_t* data, std::size_t size) override;

 private:
  void Hang();

  int listener_ = -1;
  int peer_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace quantci

#endif  // HOST_TERMINAL_H_
