#include "model_runner/checked_arena.h"

#include <new>

#include "tensorflow/lite/micro/arena_allocator/single_arena_buffer_allocator.h"
#include "tensorflow/lite/micro/memory_planner/greedy_memory_planner.h"

namespace quantci {
namespace {

// As large as the arena's own allocator, for the arena's use to be the same:
// what it needs beside stands in statics.
class Arena final : public tflite::SingleArenaBufferAllocator {
 public:
  using SingleArenaBufferAllocator::SingleArenaBufferAllocator;

  static Arena* Create(std::uint8_t* bytes, std::size_t size) {
    spilled_ = 0;
    Arena made(bytes, size);
    return new (made.AllocatePersistentBuffer(sizeof(Arena), alignof(Arena)))
        Arena(made);
  }

  std::uint8_t* AllocatePersistentBuffer(std::size_t size,
                                         std::size_t alignment) override {
    std::uint8_t* found =
        SingleArenaBufferAllocator::AllocatePersistentBuffer(size, alignment);
    if (found != nullptr) return found;
    const std::size_t start =
        (spilled_ + alignment - 1) / alignment * alignment;
    if (size > sizeof(spill_) || start > sizeof(spill_) - size) return nullptr;
    spilled_ = start + size;
    return spill_ + start;
  }

  static std::size_t spilled() { return spilled_; }

 private:
  alignas(16) static std::uint8_t spill_[16u << 10];
  static std::size_t spilled_;
};

alignas(16) std::uint8_t Arena::spill_[16u << 10];
std::size_t Arena::spilled_ = 0;
static_assert(sizeof(Arena) == sizeof(tflite::SingleArenaBufferAllocator), "");

// Only for `new`: TFLM keeps its `delete` private, and nobody deletes.
class Planner final : public tflite::GreedyMemoryPlanner {
 public:
  static void operator delete(void*) {}
};
static_assert(sizeof(Planner) == sizeof(tflite::GreedyMemoryPlanner), "");

}  // namespace

tflite::MicroAllocator* CreateCheckedAllocator(std::uint8_t* bytes,
                                               std::size_t size) {
  Arena* arena = Arena::Create(bytes, size);
  Planner* planner =
      new (arena->AllocatePersistentBuffer(sizeof(Planner), alignof(Planner)))
          Planner();
  return tflite::MicroAllocator::Create(arena, planner);
}

bool ArenaSpilled() { return Arena::spilled() > 0; }

}  // namespace quantci
