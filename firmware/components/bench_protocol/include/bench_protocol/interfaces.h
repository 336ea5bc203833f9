// What the protocol needs of the machine that it runs on.
#ifndef BENCH_PROTOCOL_INTERFACES_H_
#define BENCH_PROTOCOL_INTERFACES_H_

#include <cstddef>
#include <cstdint>

#include "bench_protocol/bytes.h"
#include "bench_protocol/sha256.h"
#include "bench_protocol/status.h"

namespace quantci {

struct Instant {
  std::uint64_t cycles = 0;
  std::uint64_t microseconds = 0;
};

class Clock {
 public:
  virtual std::uint64_t Microseconds() = 0;  // since the start
  virtual std::uint64_t Cycles() = 0;        // 0 where there is no counter
  virtual std::uint64_t cycles_hz() const = 0;
  // Both, as close together as they can be read.
  virtual Instant Now() { return {Cycles(), Microseconds()}; }

 protected:
  ~Clock() = default;
};

// A way out to the host. Gives up, and drops the bytes, where nobody reads.
class Port {
 public:
  virtual void Write(const std::uint8_t* data, std::size_t size) = 0;
  // What has come, without waiting for more.
  virtual std::size_t Poll(std::uint8_t* data, std::size_t size) = 0;

 protected:
  ~Port() = default;
};

enum class ArenaRegion : std::uint8_t { kInternal = 0, kPsram = 1 };

// Where a model lies while it runs: in its slot, or copied into PSRAM.
enum class ModelPlace : std::uint8_t { kFlash = 0, kPsram = 1 };

constexpr std::size_t kMaxModelId = 32;

// What SELECT chose. It outlives a restart, so that text mode has a model.
struct Selection {
  std::uint8_t slot = 0;
  ArenaRegion region = ArenaRegion::kInternal;
  ModelPlace place = ModelPlace::kFlash;
  std::uint32_t arena_bytes = 0;
  char model_id[kMaxModelId + 1] = {};
};

class Platform : public Clock {
 public:
  // Lines "key=value\n" for HELLO; only what is known.
  virtual void WriteFacts(ByteWriter* text) = 0;
  virtual std::uint32_t boot_count() = 0;
  virtual std::uint32_t overrun_bytes() = 0;
  virtual bool LoadSelection(Selection* selection) = 0;
  virtual void SaveSelection(const Selection& selection) = 0;
  // May return: the device is then to be made anew by who made it.
  virtual void Reboot() = 0;

 protected:
  ~Platform() = default;
};

struct SlotHead {
  std::uint32_t size = 0;
  std::uint8_t sha256[kSha256Size] = {};
  bool complete = false;
};

// What a model slot is made of: flash on a board, RAM on a host. Bytes that
// were erased read 0xFF; writing the same bytes again does no harm.
class SlotMemory {
 public:
  virtual std::uint32_t bytes() const = 0;         // room for a model
  virtual const std::uint8_t* data() const = 0;    // 16-byte aligned
  virtual bool ReadHead(SlotHead* head) = 0;       // false: it holds nothing
  virtual bool Prepare(const SlotHead& head) = 0;  // erases, then writes it
  virtual bool Write(std::uint32_t offset, const std::uint8_t* data,
                     std::size_t size) = 0;
  virtual bool SetComplete() = 0;
  virtual bool Clear() = 0;

 protected:
  ~SlotMemory() = default;
};

constexpr std::size_t kMaxRank = 8;

struct TensorDescription {
  std::uint8_t type = 0;  // tflite::TensorType
  std::uint8_t rank = 0;
  std::uint32_t extent[kMaxRank] = {};
  std::uint32_t bytes = 0;
  float scale = 0;
  std::int32_t zero_point = 0;
};

struct ModelDescription {
  std::uint32_t arena_used = 0;
  std::uint32_t arena_given = 0;
  std::uint16_t ops = 0;
  std::uint8_t inputs = 0;
  std::uint8_t outputs = 0;
};

struct OpFigures {
  std::uint16_t code = 0;  // tflite::BuiltinOperator
  std::uint16_t iterations = 0;
  std::uint64_t cycles = 0;
  std::uint32_t crc = 0;
};

enum class OpMode { kNone, kCycles, kCrc };

// Runs a model. No memory is allocated after the start.
class ModelRunner {
 public:
  virtual void WriteFacts(ByteWriter* text) = 0;
  virtual std::uint32_t arena_bytes(ArenaRegion region) const = 0;
  // `arena_bytes` 0: all there is. After an error no model is loaded.
  virtual Status Load(const std::uint8_t* model, std::uint32_t size,
                      ArenaRegion region, std::uint32_t arena_bytes) = 0;
  virtual void Unload() = 0;
  virtual ModelDescription description() const = 0;
  virtual TensorDescription input(std::uint8_t index) const = 0;
  virtual TensorDescription output(std::uint8_t index) const = 0;
  virtual std::uint8_t* input_data(std::uint8_t index) = 0;
  virtual const std::uint8_t* output_data(std::uint8_t index) const = 0;
  // Forgets what an inference left for the next one. Of no cost where the model
  // keeps nothing.
  virtual Status ResetState() = 0;
  virtual Status Invoke(OpMode mode) = 0;
  // Figures of ops: zeros until an invoke with kCycles or kCrc.
  virtual OpFigures op(std::uint16_t index) const = 0;
  virtual void ClearOps() = 0;

 protected:
  ~ModelRunner() = default;
};

}  // namespace quantci

#endif  // BENCH_PROTOCOL_INTERFACES_H_
