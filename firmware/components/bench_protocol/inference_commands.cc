#include "bench_protocol/inference_commands.h"

#include "bench_protocol/packet.h"

namespace quantci {
namespace {

constexpr std::uint8_t kProfileOps = 1;
constexpr std::uint8_t kHashOps = 2;
constexpr std::uint32_t kTimeSize = 16;
constexpr std::size_t kOpSize = 16;

}  // namespace

Status Input(Bench* bench, ByteReader in, ByteWriter* out) {
  const std::uint8_t index = in.U8();
  const std::uint32_t offset = in.U32();
  if (!in.ok()) return LengthError();
  std::uint32_t next = 0;
  const Status status =
      bench->LoadInput(index, offset, in.rest(), in.left(), &next);
  out->U32(next);
  return status;
}

Status Invoke(Bench* bench, ByteReader in, IterationListener* listener,
              ByteWriter* out) {
  const std::uint32_t warm_up = in.U32();
  const std::uint32_t iterations = in.U32();
  const std::uint8_t flags = in.U8();
  if (!in.Done()) return LengthError();
  bench->runner().ClearOps();
  Status status = bench->Measure(warm_up, iterations, listener);
  if (!status.ok()) return status;
  const IterationTime sum = bench->times().Sum();
  out->U32(bench->times().count());
  out->U32(bench->OutputCrc());
  out->U64(sum.cycles);
  out->U64(sum.microseconds);
  if ((flags & kProfileOps) != 0) {
    status = bench->InspectOps(OpMode::kCycles, iterations, listener);
  }
  if (status.ok() && (flags & kHashOps) != 0) {
    status = bench->InspectOps(OpMode::kCrc, 1, listener);
  }
  return status;
}

Status Times(Bench* bench, ByteReader in, ByteWriter* out) {
  const std::uint32_t first = in.U32();
  const std::uint32_t count = in.U16();
  if (!in.Done()) return LengthError();
  const std::uint32_t measured = bench->times().count();
  if (first > measured || count > measured - first) {
    return Status::Error(ErrorCode::kIndex, "there are %lu iterations",
                         static_cast<unsigned long>(measured));
  }
  if (count > kMaxPayload / kTimeSize) {
    return Status::Error(ErrorCode::kSize, "max_payload is %u",
                         static_cast<unsigned>(kMaxPayload));
  }
  for (std::uint32_t i = first; i < first + count; ++i) {
    out->U64(bench->times().at(i).cycles);
    out->U64(bench->times().at(i).microseconds);
  }
  return Status();
}

Status Output(Bench* bench, ByteReader in, ByteWriter* out) {
  const std::uint8_t index = in.U8();
  const std::uint32_t offset = in.U32();
  const std::uint32_t length = in.U32();
  if (!in.Done()) return LengthError();
  if (!bench->selected() || !bench->has_output()) {
    return Status::Error(ErrorCode::kState, "nothing was invoked");
  }
  const ModelRunner& runner = bench->runner();
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

Status Run(Bench* bench, ByteReader in, IterationListener* listener,
           ByteWriter* out) {
  constexpr std::size_t kRunHead = 20;
  if (bench->selected() && bench->output_size() > kMaxPayload - kRunHead) {
    return Status::Error(ErrorCode::kSize, "%lu bytes of outputs: use OUTPUT",
                         static_cast<unsigned long>(bench->output_size()));
  }
  Status status;
  if (in.left() > 0) status = bench->LoadInputs(in.rest(), in.left());
  if (status.ok()) status = bench->Measure(0, 1, listener);
  if (!status.ok()) return status;
  out->U64(bench->times().at(0).cycles);
  out->U64(bench->times().at(0).microseconds);
  out->U32(bench->OutputCrc());
  const ModelRunner& runner = bench->runner();
  for (std::uint8_t i = 0; i < runner.description().outputs; ++i) {
    out->Bytes(runner.output_data(i), runner.output(i).bytes);
  }
  return status;
}

Status Ops(Bench* bench, ByteReader in, ByteWriter* out) {
  const std::uint16_t first = in.U16();
  if (!in.Done()) return LengthError();
  if (!bench->selected()) {
    return Status::Error(ErrorCode::kState, "nothing is selected");
  }
  const ModelRunner& runner = bench->runner();
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

}  // namespace quantci
