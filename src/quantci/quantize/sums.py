"""SUM for the engine `litert`, which gives its output the scale of its input: most sums would be clipped.

A MEAN has the same inputs, options and types, and the engine gives its output a scale of its own. So for the engine a
SUM is a MEAN with the range of the sum. Engines look at ranges only and compute nothing, so this is exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quantci.tflite.enums import enum_names, op_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantci.tflite.model import Model


def disguise_sums(calibrated: Model) -> tuple[Model, list[int]]:
    """The model with MEAN for SUM, the same object if it has none, and which of its operator codes were SUM."""
    found = [index for index, code in enumerate(calibrated.tree.operatorCodes) if op_name(code) == "SUM"]
    return (_renamed(calibrated, found, "MEAN") if found else calibrated), found


def reveal_sums(quantized: Model, codes: Sequence[int]) -> Model:
    """The model with SUM again. The engine adds operator codes behind the others, which keep their places."""
    return _renamed(quantized, codes, "SUM") if codes else quantized


def _renamed(model: Model, codes: Sequence[int], name: str) -> Model:
    draft: Any = model.draft()
    number = next(number for number, found in enum_names("BuiltinOperator").items() if found == name)
    for index in codes:
        draft.operatorCodes[index].builtinCode = draft.operatorCodes[index].deprecatedBuiltinCode = number
    return model.changed(draft)
