// esp-tflite-micro's kernels for ESP-NN time themselves with this clock of
// ESP-IDF. Nobody reads their times here.
#ifndef HOST_STUBS_ESP_TIMER_H_
#define HOST_STUBS_ESP_TIMER_H_

#include <cstdint>

inline std::int64_t esp_timer_get_time() { return 0; }

#endif  // HOST_STUBS_ESP_TIMER_H_
