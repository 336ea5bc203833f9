#include "bench_protocol/hello.h"

#include <algorithm>

#include "bench_protocol/fact.h"
#include "bench_protocol/packet.h"
#include "bench_protocol/version.h"

namespace quantci {
namespace {

void WriteNumber(ByteWriter* out, const char* key, std::uint32_t value) {
  WriteFact(out, "%s=%lu", key, static_cast<unsigned long>(value));
}

}  // namespace

void WriteHello(Bench* bench, ByteWriter* out) {
  WriteNumber(out, "protocol", kProtocolVersion);
  WriteFact(out, "firmware=%s", kFirmware);
  bench->platform().WriteFacts(out);
  ModelRunner& runner = bench->runner();
  runner.WriteFacts(out);
  WriteNumber(out, "slots", bench->slot_count());
  std::uint32_t room = 0;
  for (std::uint8_t i = 0; i < bench->slot_count(); ++i) {
    const ModelSlot& slot = *bench->slot(i);
    room = i == 0 ? slot.room() : std::min(room, slot.room());
    if (slot.holds_model()) {
      char hex[2 * kSha256Size + 1];
      ToHex(slot.sha256(), hex);
      WriteFact(out, "slot%u_sha256=%s", i, hex);
    }
  }
  WriteNumber(out, "slot_bytes", room);
  WriteNumber(out, "arena_internal", runner.arena_bytes(ArenaRegion::kInternal));
  WriteNumber(out, "arena_psram", runner.arena_bytes(ArenaRegion::kPsram));
  WriteNumber(out, "model_psram", bench->model_psram());
  WriteNumber(out, "max_payload", kMaxPayload);
  WriteNumber(out, "max_frame", kMaxFrame);
  WriteNumber(out, "window", kWindow);
  WriteNumber(out, "max_input", bench->inputs().room());
  WriteNumber(out, "max_iterations", bench->times().room());
}

}  // namespace quantci
