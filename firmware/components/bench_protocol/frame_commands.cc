#include "bench_protocol/frame_commands.h"

#include "bench_protocol/event.h"
#include "bench_protocol/hello.h"
#include "bench_protocol/inference_commands.h"
#include "bench_protocol/slot_commands.h"

namespace quantci {

void FrameCommands::Answer(const Packet& packet, ByteReader rest, Port* port) {
  ++checked_;
  const PacketHead& head = packet.head;
  if (has_reply_ && head.type == last_head_.type &&
      head.sequence == last_head_.sequence && packet.crc == last_crc_) {
    Send(port);
    return;
  }

  ByteWriter out(reply_ + kHeadSize, kMaxPayload);
  const bool hello = head.type == static_cast<std::uint8_t>(PacketType::kHello);
  const bool known_run = hello || (greeted_ && head.nonce == nonce_);
  watch_.Begin(rest, nonce_, port);
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
  if (status.ok() &&
      head.type == static_cast<std::uint8_t>(PacketType::kReboot)) {
    bench_->platform().Reboot();
  }
}

void FrameCommands::Drop(Port* port) {
  ++dropped_;
  if (greeted_) SendEvent(EventKind::kDropped, dropped_, nonce_, port);
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
      return Begin(bench_, in, out);
    case PacketType::kChunk:
      return Chunk(bench_, in, out);
    case PacketType::kEnd:
      return End(bench_, in, out);
    case PacketType::kErase:
      return Erase(bench_, in);
    case PacketType::kSelect:
      return Select(bench_, in, out);
    case PacketType::kInput:
      return Input(bench_, in, out);
    case PacketType::kInvoke:
      return Invoke(bench_, in, &watch_, out);
    case PacketType::kTimes:
      return Times(bench_, in, out);
    case PacketType::kOutput:
      return Output(bench_, in, out);
    case PacketType::kRun:
      return Run(bench_, in, &watch_, out);
    case PacketType::kOps:
      return Ops(bench_, in, out);
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
  WriteHello(bench_, out);
  return Status();
}

void FrameCommands::Counters(ByteWriter* out) {
  out->U32(checked_);
  out->U32(dropped_);
  out->U32(bench_->platform().overrun_bytes());
  out->U32(bench_->platform().boot_count());
}

void FrameCommands::Send(Port* port) {
  port->Write(line_, FrameLine(reply_, reply_size_, line_));
}

}  // namespace quantci
