// TFLM does not check most of its small allocations: in an arena that is too
// small it writes to null. So what finds no room goes to a memory beside it,
// and the model is refused afterwards.
#ifndef MODEL_RUNNER_CHECKED_ARENA_H_
#define MODEL_RUNNER_CHECKED_ARENA_H_

#include <cstddef>
#include <cstdint>

#include "tensorflow/lite/micro/micro_allocator.h"

namespace quantci {

// In the arena itself, as TFLM's own; one at a time.
tflite::MicroAllocator* CreateCheckedAllocator(std::uint8_t* arena,
                                               std::size_t size);

// Whether something found no room since the last CreateCheckedAllocator().
bool ArenaSpilled();

}  // namespace quantci

#endif  // MODEL_RUNNER_CHECKED_ARENA_H_
