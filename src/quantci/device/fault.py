"""An ERROR of the device, and what it is for the user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.device.command import Command, ErrorCode
from quantci.errors import BoardError, ModelRejected

if TYPE_CHECKING:
    from quantci.errors import QuantciError

_NAMES: Final[dict[int, str]] = {code.value: code.name.lower() for code in ErrorCode}
_COMMANDS: Final[dict[int, str]] = {command.value: command.name for command in Command}


class DeviceError(Exception):
    """The device answered with ERROR.

    Attributes:
        command: what it was asked.
        code: ErrorCode, or a number that this version does not know.
        text: what it says.
    """

    def __init__(self, command: int, code: int, text: str) -> None:
        super().__init__(command, code, text)
        self.command, self.code, self.text = command, code, text


def fault_of_device(error: DeviceError, where: str) -> QuantciError:
    """The fault that a device's ERROR stands for."""
    text = " ".join(error.text.split())
    match error.code:
        case ErrorCode.OP:
            return ModelRejected(
                "unsupported-op",
                f"The device's firmware has no kernel for {text or 'an operator'}.",
                where=where,
                remedy="Replace the layer, or build the firmware with this operator.",
            )
        case ErrorCode.ARENA | ErrorCode.MEMORY | ErrorCode.PLACE:
            return _no_room(error.code, text or "it does not say why", where)
        case ErrorCode.MODEL | ErrorCode.INVOKE:
            return ModelRejected(
                "tflm-refused",
                f"TFLM on the device cannot run this model: {text or 'it does not say why'}.",
                where=where,
                remedy="Run quantci inspect on the model, and see that the firmware's TFLM is as new as the model.",
            )
        case ErrorCode.TIMER:
            return BoardError(
                "timer",
                f"The device's counters disagree or stand still: {text}.",
                where=where,
                remedy="Power-cycle the board; if it happens again, do not measure with it.",
            )
        case ErrorCode.STORAGE | ErrorCode.HASH:
            return BoardError(
                "storage",
                f"The device could not store the model: {text or 'what arrived has another SHA-256'}.",
                where=where,
                remedy="Try again; if it happens again, the board's flash is worn out.",
            )
        case _:
            name, asked = _NAMES.get(error.code, str(error.code)), _COMMANDS.get(error.command, str(error.command))
            return BoardError(
                "protocol",
                f"The device refused {asked} with the error {name}{f': {text}' if text else ''}.",
                where=where,
                remedy="Flash the firmware of this version of quantci.",
            )


def _no_room(code: int, text: str, where: str) -> ModelRejected:
    """Of the tensor arena or, in PSRAM, of the model."""
    if code == ErrorCode.PLACE:
        return ModelRejected(
            "model-place",
            f"The device cannot run this model from PSRAM: {text}.",
            where=where,
            remedy='Set device.model_place to "flash", or take a board with more PSRAM.',
        )
    is_absent = code == ErrorCode.MEMORY
    what = "The device has no such tensor arena" if is_absent else "The model does not fit into the device's arena"
    return ModelRejected(
        "arena",
        f"{what}: {text}.",
        where=where,
        remedy="Set device.arena to the other kind of memory, or take a board that has this one."
        if is_absent
        else "Use smaller activations, or an arena in PSRAM.",
    )
