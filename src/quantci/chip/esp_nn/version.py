"""The releases of the kernels that this folder describes."""

from typing import Final

VERSION: Final = "1.2.3"
ESP_TFLITE_MICRO: Final = "1.4.0"  # TFLM for ESP-IDF, which calls ESP-NN; it takes esp-nn from 1.1.1 on
EXAMINED: Final = (VERSION, "1.2.2", "1.2.1", "1.2.0", "1.1.2")  # run in an emulator, or read; the preferred one first
