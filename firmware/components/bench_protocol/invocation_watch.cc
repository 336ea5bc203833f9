#include "bench_protocol/invocation_watch.h"

#include <cstring>

#include "bench_protocol/event.h"
#include "bench_protocol/packet.h"

namespace quantci {

void InvocationWatch::Begin(ByteReader rest, std::uint32_t nonce, Port* port) {
  port_ = port;
  nonce_ = nonce;
  last_progress_us_ = last_poll_us_ = clock_->Microseconds();
  cancelled_ = HasCancel(rest.rest(), rest.left());
}

// The receiver cannot take bytes here: it waits for the request to be done. So
// they are held for it, and only searched for CANCEL.
bool InvocationWatch::OnIteration(std::uint32_t done) {
  const std::uint64_t now = clock_->Microseconds();
  if (now - last_poll_us_ >= kPollUs && held_size_ < kMaxHeld) {
    last_poll_us_ = now;
    const std::size_t got =
        port_->Poll(held_ + held_size_, kMaxHeld - held_size_);
    held_size_ += got;
    if (got > 0) cancelled_ = cancelled_ || HasCancel(held_, held_size_);
  }
  if (now - last_progress_us_ >= kProgressUs) {
    last_progress_us_ = now;
    SendEvent(EventKind::kProgress, done, nonce_, port_);
  }
  return !cancelled_;
}

std::size_t InvocationWatch::TakeHeld(std::uint8_t* data) {
  const std::size_t size = held_size_;
  std::memcpy(data, held_, size);
  held_size_ = 0;
  return size;
}

bool InvocationWatch::HasCancel(const std::uint8_t* data,
                                std::size_t size) const {
  constexpr std::size_t kMost = CobsMaxSize(kHeadSize + 4);
  std::size_t start = 0;
  for (std::size_t end = 0; end < size; ++end) {
    if (data[end] != 0) continue;
    const std::size_t length = end - start;
    std::uint8_t piece[kMost];
    std::size_t decoded = 0;
    Packet packet;
    if (length > 0 && length <= kMost) {
      std::memcpy(piece, data + start, length);
      if (CobsDecode(piece, length, &decoded) &&
          ParsePacket(piece, decoded, &packet) &&
          packet.head.type == static_cast<std::uint8_t>(PacketType::kCancel) &&
          packet.head.nonce == nonce_) {
        return true;
      }
    }
    start = end + 1;
  }
  return false;
}

}  // namespace quantci
