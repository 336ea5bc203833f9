// What the device sends unasked.
#ifndef BENCH_PROTOCOL_EVENT_H_
#define BENCH_PROTOCOL_EVENT_H_

#include <cstdint>

#include "bench_protocol/interfaces.h"

namespace quantci {

enum class EventKind : std::uint8_t { kProgress = 1, kDropped = 2 };

// `nonce` is that of the last HELLO.
void SendEvent(EventKind kind, std::uint32_t value, std::uint32_t nonce,
               Port* port);

}  // namespace quantci

#endif  // BENCH_PROTOCOL_EVENT_H_
