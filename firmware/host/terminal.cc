#include "terminal.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace quantci {
namespace {

constexpr int kWriteTimeoutMs = 2000;

[[noreturn]] void Fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

bool Wait(int file, short events, int timeout_ms) {
  pollfd entry{file, events, 0};
  return poll(&entry, 1, timeout_ms) > 0;
}

// False when nobody reads, or nobody is there any more.
bool WriteAll(int file, const std::uint8_t* data, std::size_t size) {
  while (size > 0) {
    if (!Wait(file, POLLOUT, kWriteTimeoutMs)) return false;
    const ssize_t written = write(file, data, size);
    if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (written <= 0) return false;
    data += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

}  // namespace

Pty::Pty() {
  master_ = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master_ < 0 || grantpt(master_) != 0 || unlockpt(master_) != 0) {
    Fail("a pty");
  }
  slave_ = open(name().c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave_ < 0) Fail("the pty's other end");
  termios settings{};
  if (tcgetattr(slave_, &settings) != 0) Fail("the pty's settings");
  cfmakeraw(&settings);
  if (tcsetattr(slave_, TCSANOW, &settings) != 0) Fail("the pty's settings");
  if (fcntl(master_, F_SETFL, O_NONBLOCK) != 0) Fail("the pty");
}

Pty::~Pty() {
  close(slave_);
  close(master_);
}

std::string Pty::name() const {
  char text[64];
  if (ptsname_r(master_, text, sizeof(text)) != 0) Fail("the pty's name");
  return text;
}

std::size_t Pty::Read(std::uint8_t* data, std::size_t size, int timeout_ms) {
  if (!Wait(master_, POLLIN, timeout_ms)) return 0;
  const ssize_t got = read(master_, data, size);
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

void Pty::Write(const std::uint8_t* data, std::size_t size) {
  WriteAll(master_, data, size);
}

TcpPort::TcpPort(std::uint16_t port) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener_ < 0) Fail("a socket");
  const int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  socklen_t size = sizeof(address);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener_, 1) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size)) {
    Fail("the TCP port");
  }
  port_ = ntohs(address.sin_port);
}

TcpPort::~TcpPort() {
  Hang();
  close(listener_);
}

void TcpPort::Hang() {
  if (peer_ >= 0) close(peer_);
  peer_ = -1;
}

std::string TcpPort::name() const {
  return "socket://127.0.0.1:" + std::to_string(port_);
}

std::size_t TcpPort::Read(std::uint8_t* data, std::size_t size,
                          int timeout_ms) {
  if (peer_ < 0) {
    if (!Wait(listener_, POLLIN, timeout_ms)) return 0;
    peer_ = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (peer_ >= 0) {
      const int on = 1;
      setsockopt(peer_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    return 0;
  }
  if (!Wait(peer_, POLLIN, timeout_ms)) return 0;
  const ssize_t got = read(peer_, data, size);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return 0;
  if (got <= 0) {
    Hang();
    return 0;
  }
  return static_cast<std::size_t>(got);
}

void TcpPort::Write(const std::uint8_t* data, std::size_t size) {
  if (peer_ < 0) return;
  if (!WriteAll(peer_, data, size)) Hang();
}

}  // namespace quantci
