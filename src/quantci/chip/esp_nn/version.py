"""The releases whose kernels this room tells of: what else is in it was read in their sources."""

from typing import Final

VERSION: Final = "1.2.3"
ESP_TFLITE_MICRO: Final = "1.4.0"  # TFLM for ESP-IDF, which calls ESP-NN
