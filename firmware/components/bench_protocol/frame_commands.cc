#include "bench_protocol/frame_commands.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "bench_protocol/version.h"

namespace quantci {
namespace {

constexpr std::uint8_t kProfileOps = 1;
constexpr std::uint8_t kHashOps = 2;
constexpr std::uint32_t kTimeSize = 16;
constexpr std::size_t kOpSize = 16;

Status LengthError() {
  return Status::Error(ErrorCode::kLength, "wrong length");
}

Status SlotError(std::uint8_t slot) {
  return Status::Error(ErrorCode::kSlot, "there is no slot %u", slot);
}

void WriteFact(ByteWriter* out, const char* key, std::uint32_t value) {
  char line[64];
  std::snprintf(line, sizeof(line), "%s=%lu\n", key,
                static_cast<unsigned long>(value));
  out->Text(line);
}

}  // namespace

void FrameCommands::Answer(const Packet& packet, ByteReader rest, Port* port) {
  ++checked_;
  const PacketHead& head = packet.head;
  if (has_reply_ && head.type == last_head_.type &&
      head.sequence == last_head_.sequence && packet.crc == last_crc_) {
    Send(port);
    return;
  }
  port_ = port;
  last_progress_us_ = last_poll_us_ = bench_->platform().Microseconds();
  cancelled_ = HasCancel(rest.rest(), rest.left());

  ByteWriter out(reply_ + kHeadSize, kMaxPayload);
  const bool hello = head.type == static_cast<std::uint8_t>(PacketType::kHello);
  const bool known_run = hello || (greeted_ && head.nonce == nonce_);
  Status status = known_run
                      ? Execute(packet, &out)
                      : Status::Error(ErrorCode::kNonce, "HELLO comes first");
  if (status.ok() && !out.ok()) {
    status = Status::Error(ErrorCode::kSize, "the reply is too long");
  }

  PacketHead reply = head;
  std::size_t size = out.size();
  if (status.ok()) {
    reply.type = static_cast<std::uint8_t>(
        head.type | static_cast<std::uint8_t>(PacketType::kReply));
  } else {
    reply.type = static_cast<std::uint8_t>(PacketType::kError);
    ByteWriter error(reply_ + kHeadSize, kMaxPayload);
    error.U8(head.type);
    error.U16(static_cast<std::uint16_t>(status.code()));
    error.Text(status.text());
    size = error.size();
  }
  reply_size_ = FinishPacket(reply, size, reply_);
  has_reply_ = known_run;
  last_head_ = head;
  last_crc_ = packet.crc;
  Send(port);
  port_ = nullptr;
  if (status.ok() &&
      head.type == static_cast<std::uint8_t>(PacketType::kReboot)) {
    bench_->platform().Reboot();
  }
}

void FrameCommands::Drop(Port* port) {
  ++dropped_;
  SendEvent(EventKind::kDropped, dropped_, port);
}

// The receiver cannot take bytes here: it waits for the request to be done. So
// they are held for it, and only searched for CANCEL.
bool FrameCommands::OnIteration(std::uint32_t done) {
  const std::uint64_t now = bench_->platform().Microseconds();
  if (now - last_poll_us_ >= kPollUs && held_size_ < kMaxHeld) {
    last_poll_us_ = now;
    const std::size_t got =
        port_->Poll(held_ + held_size_, kMaxHeld - held_size_);
    held_size_ += got;
    if (got > 0) cancelled_ = cancelled_ || HasCancel(held_, held_size_);
  }
  if (now - last_progress_us_ >= kProgressUs) {
    last_progress_us_ = now;
    SendEvent(EventKind::kProgress, done, port_);
  }
  return !cancelled_;
}

std::size_t FrameCommands::TakeHeld(std::uint8_t* data) {
  const std::size_t size = held_size_;
  std::memcpy(data, held_, size);
  held_size_ = 0;
  return size;
}

bool FrameCommands::HasCancel(const std::uint8_t* data,
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

Status FrameCommands::Execute(const Packet& packet, ByteWriter* out) {
  const ByteReader in(packet.payload, packet.size);
  switch (static_cast<PacketType>(packet.head.type)) {
    case PacketType::kHello:
      nonce_ = packet.head.nonce;
      greeted_ = true;
      return Hello(in, out);
    case PacketType::kEcho:
      out->Bytes(packet.payload, packet.size);
      return Status();
    case PacketType::kCounters:
      Counters(out);
      return in.Done() ? Status() : LengthError();
    case PacketType::kReboot:
      return in.Done() ? Status() : LengthError();
    case PacketType::kBegin:
      return Begin(in, out);
    case PacketType::kChunk:
      return Chunk(in, out);
    case PacketType::kEnd:
      return End(in, out);
    case PacketType::kErase:
      return Erase(in);
    case PacketType::kSelect:
      return Select(in, out);
    case PacketType::kInput:
      return Input(in, out);
    case PacketType::kInvoke:
      return Invoke(in, out);
    case PacketType::kTimes:
      return Times(in, out);
    case PacketType::kOutput:
      return Output(in, out);
    case PacketType::kRun:
      return Run(packet, out);
    case PacketType::kOps:
      return Ops(in, out);
    case PacketType::kCancel:  // what there was to cancel has ended by now
      return in.Done() ? Status() : LengthError();
    default:
      return Status::Error(ErrorCode::kCommand, "unknown type 0x%02x",
                           packet.head.type);
  }
}

Status FrameCommands::Hello(ByteReader in, ByteWriter* out) {
  const std::uint16_t version = in.U16();
  if (!in.Done()) return LengthError();
  if (version != kProtocolVersion) {
    return Status::Error(ErrorCode::kVersion, "this is version %u",
                         kProtocolVersion);
  }
  WriteFact(out, "protocol", kProtocolVersion);
  out->Text("firmware=");
  out->Text(kFirmware);
  out->Text("\n");
  bench_->platform().WriteFacts(out);
  ModelRunner& runner = bench_->runner();
  runner.WriteFacts(out);
  WriteFact(out, "slots", bench_->slot_count());
  std::uint32_t room = 0;
  for (std::uint8_t i = 0; i < bench_->slot_count(); ++i) {
    const ModelSlot& slot = *bench_->slot(i);
    room = i == 0 ? slot.room() : std::min(room, slot.room());
    if (slot.holds_model()) {
      char line[96];
      char hex[2 * kSha256Size + 1];
      ToHex(slot.sha256(), hex);
      std::snprintf(line, sizeof(line), "slot%u_sha256=%s\n", i, hex);
      out->Text(line);
    }
  }
  WriteFact(out, "slot_bytes", room);
  WriteFact(out, "arena_internal", runner.arena_bytes(ArenaRegion::kInternal));
  WriteFact(out, "arena_psram", runner.arena_bytes(ArenaRegion::kPsram));
  WriteFact(out, "max_payload", kMaxPayload);
  WriteFact(out, "max_frame", kMaxFrame);
  WriteFact(out, "window", kWindow);
  WriteFact(out, "max_input", bench_->memory().input_bytes);
  WriteFact(out, "max_iterations", bench_->memory().max_iterations);
  return Status();
}

void FrameCommands::Counters(ByteWriter* out) {
  out->U32(checked_);
  out->U32(dropped_);
  out->U32(bench_->platform().overrun_bytes());
  out->U32(bench_->platform().boot_count());
}

Status FrameCommands::Begin(ByteReader in, ByteWriter* out) {
  const std::uint8_t index = in.U8();
  const std::uint32_t size = in.U32();
  const std::uint8_t* sha256 = in.Bytes(kSha256Size);
  if (!in.Done()) return LengthError();
  ModelSlot* slot = bench_->slot(index);
  if (slot == nullptr) return SlotError(index);
  if (!slot->Holds(size, sha256)) bench_->Release(index);
  std::uint32_t offset = 0;
  const Status status = slot->Begin(size, sha256, &offset);
  out->U32(offset);
  return status;
}

Status FrameCommands::Chunk(ByteReader in, ByteWriter* out) {
  const std::uint8_t index = in.U8();
  const std::uint32_t offset = in.U32();
  if (!in.ok()) return LengthError();
  ModelSlot* slot = bench_->slot(index);
  if (slot == nullptr) return SlotError(index);
  std::uint32_t next = 0;
  const Status status = slot->Write(offset, in.rest(), in.left(), &next);
  out->U32(next);
  return status;
}

Status FrameCommands::End(ByteReader in, ByteWriter* out) {
  const std::uint8_t index = in.U8();
  if (!in.Done()) return LengthError();
  ModelSlot* slot = bench_->slot(index);
  if (slot == nullptr) return SlotError(index);
  std::uint8_t digest[kSha256Size] = {};
  const Status status = slot->End(digest);
  if (!slot->holds_model()) bench_->Release(index);
  out->Bytes(digest, sizeof(digest));
  return status;
}

Status FrameCommands::Erase(ByteReader in) {
  const std::uint8_t index = in.U8();
  if (!in.Done()) return LengthError();
  ModelSlot* slot = bench_->slot(index);
  if (slot == nullptr) return SlotError(index);
  bench_->Release(index);
  return slot->Erase();
}

Status FrameCommands::Select(ByteReader in, ByteWriter* out) {
  Selection selection;
  selection.slot = in.U8();
  const std::uint8_t region = in.U8();
  selection.arena_bytes = in.U32();
  if (!in.ok() || in.left() > kMaxModelId) return LengthError();
  if (region > static_cast<std::uint8_t>(ArenaRegion::kPsram)) {
    return Status::Error(ErrorCode::kMemory, "there is no region %u", region);
  }
  selection.region = static_cast<ArenaRegion>(region);
  std::memcpy(selection.model_id, in.rest(), in.left());
  const Status status = bench_->Select(selection);
  if (!status.ok()) return status;

  const ModelRunner& runner = bench_->runner();
  const ModelDescription model = runner.description();
  out->U32(model.arena_used);
  out->U32(model.arena_given);
  out->U16(model.ops);
  out->U8(model.inputs);
  out->U8(model.outputs);
  for (std::uint8_t i = 0; i < model.inputs; ++i) {
    WriteTensor(runner.input(i), out);
  }
  for (std::uint8_t i = 0; i < model.outputs; ++i) {
    WriteTensor(runner.output(i), out);
  }
  return status;
}

void FrameCommands::WriteTensor(const TensorDescription& tensor,
                                ByteWriter* out) {
  out->U8(tensor.type);
  out->U8(tensor.rank);
  for (std::uint8_t i = 0; i < tensor.rank; ++i) out->U32(tensor.extent[i]);
  out->U32(tensor.bytes);
  out->F32(tensor.scale);
  out->I32(tensor.zero_point);
}

Status FrameCommands::Input(ByteReader in, ByteWriter* out) {
  const std::uint8_t index = in.U8();
  const std::uint32_t offset = in.U32();
  if (!in.ok()) return LengthError();
  std::uint32_t next = 0;
  const Status status =
      bench_->LoadInput(index, offset, in.rest(), in.left(), &next);
  out->U32(next);
  return status;
}

Status FrameCommands::Invoke(ByteReader in, ByteWriter* out) {
  const std::uint32_t warm_up = in.U32();
  const std::uint32_t iterations = in.U32();
  const std::uint8_t flags = in.U8();
  if (!in.Done()) return LengthError();
  bench_->runner().ClearOps();
  Status status = bench_->Measure(warm_up, iterations, this);
  if (!status.ok()) return status;
  const IterationTime sum = bench_->Sum();
  out->U32(bench_->measured());
  out->U32(bench_->OutputCrc());
  out->U64(sum.cycles);
  out->U64(sum.microseconds);
  if ((flags & kProfileOps) != 0) {
    status = bench_->InspectOps(OpMode::kCycles, iterations, this);
  }
  if (status.ok() && (flags & kHashOps) != 0) {
    status = bench_->InspectOps(OpMode::kCrc, 1, this);
  }
  return status;
}

Status FrameCommands::Times(ByteReader in, ByteWriter* out) {
  const std::uint32_t first = in.U32();
  const std::uint32_t count = in.U16();
  if (!in.Done()) return LengthError();
  const std::uint32_t measured = bench_->measured();
  if (first > measured || count > measured - first) {
    return Status::Error(ErrorCode::kIndex, "there are %lu iterations",
                         static_cast<unsigned long>(measured));
  }
  if (count > kMaxPayload / kTimeSize) {
    return Status::Error(ErrorCode::kSize, "max_payload is %u",
                         static_cast<unsigned>(kMaxPayload));
  }
  for (std::uint32_t i = first; i < first + count; ++i) {
    out->U64(bench_->time(i).cycles);
    out->U64(bench_->time(i).microseconds);
  }
  return Status();
}

Status FrameCommands::Output(ByteReader in, ByteWriter* out) {
  const std::uint8_t index = in.U8();
  const std::uint32_t offset = in.U32();
  const std::uint32_t length = in.U32();
  if (!in.Done()) return LengthError();
  if (!bench_->selected() || !bench_->has_output()) {
    return Status::Error(ErrorCode::kState, "nothing was invoked");
  }
  const ModelRunner& runner = bench_->runner();
  if (index >= runner.description().outputs) {
    return Status::Error(ErrorCode::kIndex, "there are %u outputs",
                         runner.description().outputs);
  }
  const std::uint32_t bytes = runner.output(index).bytes;
  if (offset > bytes || length > bytes - offset) {
    return Status::Error(ErrorCode::kIndex, "output %u has %lu bytes", index,
                         static_cast<unsigned long>(bytes));
  }
  out->Bytes(runner.output_data(index) + offset, length);
  return Status();
}

Status FrameCommands::Run(const Packet& packet, ByteWriter* out) {
  constexpr std::size_t kRunHead = 20;
  if (bench_->selected() && bench_->output_size() > kMaxPayload - kRunHead) {
    return Status::Error(ErrorCode::kSize, "%lu bytes of outputs: use OUTPUT",
                         static_cast<unsigned long>(bench_->output_size()));
  }
  Status status;
  if (packet.size > 0) {
    status = bench_->LoadInputs(packet.payload, packet.size);
  }
  if (status.ok()) status = bench_->Measure(0, 1, this);
  if (!status.ok()) return status;
  out->U64(bench_->time(0).cycles);
  out->U64(bench_->time(0).microseconds);
  out->U32(bench_->OutputCrc());
  const ModelRunner& runner = bench_->runner();
  for (std::uint8_t i = 0; i < runner.description().outputs; ++i) {
    out->Bytes(runner.output_data(i), runner.output(i).bytes);
  }
  return status;
}

Status FrameCommands::Ops(ByteReader in, ByteWriter* out) {
  const std::uint16_t first = in.U16();
  if (!in.Done()) return LengthError();
  if (!bench_->selected()) {
    return Status::Error(ErrorCode::kState, "nothing is selected");
  }
  const ModelRunner& runner = bench_->runner();
  const std::uint16_t count = runner.description().ops;
  if (first > count) {
    return Status::Error(ErrorCode::kIndex, "there are %u ops", count);
  }
  out->U16(count);
  for (std::uint16_t i = first; i < count && out->left() >= kOpSize; ++i) {
    const OpFigures op = runner.op(i);
    out->U16(op.code);
    out->U16(op.iterations);
    out->U64(op.cycles);
    out->U32(op.crc);
  }
  return Status();
}

void FrameCommands::Send(Port* port) {
  port->Write(line_, FrameLine(reply_, reply_size_, line_));
}

void FrameCommands::SendEvent(EventKind kind, std::uint32_t value, Port* port) {
  if (!greeted_ || port == nullptr) return;
  constexpr std::size_t kPayload = 5;
  std::uint8_t packet[kHeadSize + kPayload + 4];
  ByteWriter payload(packet + kHeadSize, kPayload);
  payload.U8(static_cast<std::uint8_t>(kind));
  payload.U32(value);
  PacketHead head;
  head.type = static_cast<std::uint8_t>(PacketType::kEvent);
  head.nonce = nonce_;
  const std::size_t size = FinishPacket(head, kPayload, packet);
  std::uint8_t line[CobsMaxSize(sizeof(packet)) + 2];
  port->Write(line, FrameLine(packet, size, line));
}

}  // namespace quantci
