#include "bench_protocol/receiver.h"

namespace quantci {

void Receiver::Put(const std::uint8_t* data, std::size_t size) {
  Tick();
  for (std::size_t i = 0; i < size; ++i) {
    const std::uint8_t byte = data[i];
    if (!in_frame_) {
      if (byte == 0) {
        in_frame_ = true;
        handler_->OnFrame();
      } else {
        handler_->OnCharacter(static_cast<char>(byte));
      }
    } else if (byte != 0) {
      if (collected_ < kMaxFrame) buffer_[collected_] = byte;
      if (collected_ <= kMaxFrame) ++collected_;
    } else if (collected_ > 0) {
      rest_ = data + i + 1;
      rest_size_ = size - i - 1;
      EndFrame();
    }
  }
  rest_size_ = 0;
  // Read now: a packet among these bytes may have been carried out for long.
  if (size > 0) last_byte_us_ = clock_->Microseconds();
}

void Receiver::EndFrame() {
  const std::size_t size = collected_;
  in_frame_ = false;
  collected_ = 0;
  Packet packet;
  std::size_t decoded = 0;
  if (size <= kMaxFrame && CobsDecode(buffer_, size, &decoded) &&
      ParsePacket(buffer_, decoded, &packet)) {
    handler_->OnPacket(packet);
  } else {
    handler_->OnDropped();
  }
}

void Receiver::Tick() {
  if (!in_frame_ || clock_->Microseconds() - last_byte_us_ < kSilenceUs) return;
  in_frame_ = false;
  const bool lost = collected_ > 0;
  collected_ = 0;
  if (lost) handler_->OnDropped();
}

}  // namespace quantci
