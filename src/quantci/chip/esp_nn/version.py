"""The releases of the kernels that this folder describes."""

from typing import Final

VERSION: Final = "1.2.3"
ESP_TFLITE_MICRO: Final = "1.4.0"  # TFLM for ESP-IDF, which calls ESP-NN
