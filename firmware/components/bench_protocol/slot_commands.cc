#include "bench_protocol/slot_commands.h"

#include <cstring>

namespace quantci {
namespace {

constexpr std::uint8_t kArenaInPsram = 1;
constexpr std::uint8_t kModelInPsram = 2;

Status SlotError(std::uint8_t slot) {
  return Status::Error(ErrorCode::kSlot, "there is no slot %u", slot);
}

void WriteTensor(const TensorDescription& tensor, ByteWriter* out) {
  out->U8(tensor.type);
  out->U8(tensor.rank);
  for (std::uint8_t i = 0; i < tensor.rank; ++i) out->U32(tensor.extent[i]);
  out->U32(tensor.bytes);
  out->F32(tensor.scale);
  out->I32(tensor.zero_point);
}

}  // namespace

Status Begin(Bench* bench, ByteReader in, ByteWriter* out) {
  const std::uint8_t index = in.U8();
  const std::uint32_t size = in.U32();
  const std::uint8_t* sha256 = in.Bytes(kSha256Size);
  if (!in.Done()) return LengthError();
  ModelSlot* slot = bench->slot(index);
  if (slot == nullptr) return SlotError(index);
  if (!slot->Holds(size, sha256)) bench->Release(index);
  std::uint32_t offset = 0;
  const Status status = slot->Begin(size, sha256, &offset);
  out->U32(offset);
  return status;
}

Status Chunk(Bench* bench, ByteReader in, ByteWriter* out) {
  const std::uint8_t index = in.U8();
  const std::uint32_t offset = in.U32();
  if (!in.ok()) return LengthError();
  ModelSlot* slot = bench->slot(index);
  if (slot == nullptr) return SlotError(index);
  std::uint32_t next = 0;
  const Status status = slot->Write(offset, in.rest(), in.left(), &next);
  out->U32(next);
  return status;
}

Status End(Bench* bench, ByteReader in, ByteWriter* out) {
  const std::uint8_t index = in.U8();
  if (!in.Done()) return LengthError();
  ModelSlot* slot = bench->slot(index);
  if (slot == nullptr) return SlotError(index);
  std::uint8_t digest[kSha256Size] = {};
  const Status status = slot->End(digest);
  if (!slot->holds_model()) bench->Release(index);
  out->Bytes(digest, sizeof(digest));
  return status;
}

Status Erase(Bench* bench, ByteReader in) {
  const std::uint8_t index = in.U8();
  if (!in.Done()) return LengthError();
  ModelSlot* slot = bench->slot(index);
  if (slot == nullptr) return SlotError(index);
  bench->Release(index);
  return slot->Erase();
}

Status Select(Bench* bench, ByteReader in, ByteWriter* out) {
  Selection selection;
  selection.slot = in.U8();
  const std::uint8_t memory = in.U8();
  selection.arena_bytes = in.U32();
  if (!in.ok() || in.left() > kMaxModelId) return LengthError();
  if (memory > (kArenaInPsram | kModelInPsram)) {
    return Status::Error(ErrorCode::kMemory, "there is no memory %u", memory);
  }
  if ((memory & kArenaInPsram) != 0) selection.region = ArenaRegion::kPsram;
  if ((memory & kModelInPsram) != 0) selection.place = ModelPlace::kPsram;
  std::memcpy(selection.model_id, in.rest(), in.left());
  const Status status = bench->Select(selection);
  if (!status.ok()) return status;

  const ModelRunner& runner = bench->runner();
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

}  // namespace quantci
