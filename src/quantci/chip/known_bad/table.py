"""Every rule."""

from __future__ import annotations

from typing import Final

from quantci.chip.known_bad import esp_nn, lite_rt, tflite_micro

RULES: Final = (*tflite_micro.RULES, *lite_rt.RULES, *esp_nn.RULES)
