"""Every rule."""

from __future__ import annotations

from typing import Final

from quantci.chip.esp_nn import faults
from quantci.chip.known_bad import lite_rt, tflite_micro

RULES: Final = (*tflite_micro.RULES, *lite_rt.RULES, *faults.RULES)
