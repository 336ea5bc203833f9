"""The device's side of MLPerf Tiny's text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from quantci.device.virtual.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from quantci.device.description import Tensor
    from quantci.device.virtual.machine import Machine

NAME: Final = "quantci-bench"
PROFILE: Final = "ULPMark for tinyML Firmware V0.0.1"
_MAX_CHARACTERS: Final = 80
_LINE_BYTES: Final = 8
_PIXELS: Final = frozenset({"ic01", "vww01"})  # unsigned, from which the device subtracts 128
_ANOMALY: Final = "ad01"  # 32-bit floats in, the error of their reconstruction out
_HELP: Final = (
    PROFILE,
    "",
    "help         : Print this information",
    "name         : Print the name of the device",
    "timestamp    : Print the microseconds since boot",
    "profile      : Print the profile and the model",
    "db SUBCMD    : Manipulate a generic byte buffer",
    "  load N     : Allocate N bytes and set load counter",
    "  HH[HH]*    : Load 8-bit hex byte(s) until N bytes",
    "  print      : Print the bytes as hex",
    "infer [N [W]]: Execute N inferences after W warmup loops (1, 10)",
    "results      : Return the result fp32 vector",
)


class TextMode:
    """Answers commands, one at a time.

    Args:
        machine: what they act on.
        send: takes the bytes of the answers.
    """

    def __init__(self, machine: Machine, send: Callable[[bytes], None]) -> None:
        self._machine, self._send = machine, send
        self._command = bytearray()
        self._buffer = bytearray()
        self._expected = 0
        self._floats: NDArray[np.float32] | None = None

    def boot(self) -> None:
        """What is printed at start."""
        self._say("m-timestamp-mode-performance")
        self._say_time()
        self._say("m-init-done")
        self._say("m-ready")

    def feed(self, data: bytes) -> None:
        """Take characters as they come."""
        *ends, rest = data.translate(None, b"\r\n").split(b"%")
        for end in ends:
            self._hold(end)
            command = self._command.decode("latin-1")
            self._command.clear()
            self._answer(command)
        self._hold(rest)

    def _hold(self, characters: bytes) -> None:
        self._command += characters[: _MAX_CHARACTERS + 1 - len(self._command)]

    def _answer(self, command: str) -> None:
        if len(command) > _MAX_CHARACTERS:
            self._say(f"e-[Command longer than {_MAX_CHARACTERS} characters]")
        else:
            word, *arguments = command.split(" ") if command.strip(" ") else [""]
            method = getattr(self, f"_do_{word}", None) if re.fullmatch("[a-z]+", word) else None
            if method is None:
                self._say(f"e-[Unknown command: {word}]")
            else:
                try:
                    method([argument for argument in arguments if argument])
                except Refusal as refusal:
                    self._say(f"e-[{refusal.text}]")
        self._say("m-ready")

    def _do_name(self, arguments: list[str]) -> None:
        del arguments
        self._say(f"m-name-dut-[{NAME}]")

    def _do_profile(self, arguments: list[str]) -> None:
        del arguments
        self._say(f"m-profile-[{PROFILE}]")
        self._say(f"m-model-[{self._machine.model_id}]")

    def _do_timestamp(self, arguments: list[str]) -> None:
        del arguments
        self._say_time()

    def _do_help(self, arguments: list[str]) -> None:
        del arguments
        for line in _HELP:
            self._say(line)

    def _do_db(self, arguments: list[str]) -> None:
        if not arguments:
            self._say("e-[Command 'db' requires a subcommand]")
        elif arguments[0] == "load":
            self._load(arguments[1:])
        elif arguments[0] == "print":
            self._print()
        else:
            self._take(arguments[0])

    def _load(self, arguments: list[str]) -> None:
        size = _atoi(arguments[0]) if arguments else 0
        if not arguments:
            self._say("e-[Command 'db load' requires the # of bytes]")
        elif size <= 0:
            self._say("e-[Command 'db load' must be >0 bytes]")
        elif size > self._machine.max_input:
            self._say(f"e-[Supplied buffer size {size} exceeds maximum of {self._machine.max_input}]")
        else:
            self._buffer.clear()
            self._expected = size
            self._say(f"m-[Expecting {size} bytes]")

    def _take(self, digits: str) -> None:
        pairs = [digits[place : place + 2] for place in range(0, len(digits), 2)]
        bad = next((pair for pair in pairs if not re.fullmatch("[0-9a-fA-F]{2}", pair)), None)
        if len(digits) % 2:
            self._say("e-[Insufficent number of hex digits]")
        elif bad is not None:
            self._say(f"e-[Invalid hex digit '{bad}']")
        elif len(self._buffer) + len(pairs) > self._expected:
            self._say(f"e-[More than {self._expected} bytes]")
        else:
            self._buffer += bytes.fromhex(digits)
            if len(self._buffer) == self._expected:
                self._say("m-load-done")

    def _print(self) -> None:
        data = bytes(self._buffer).ljust(self._expected, b"\0")
        for start in range(0, len(data), _LINE_BYTES):
            self._say("m-buffer-" + data[start : start + _LINE_BYTES].hex("-"))
        if len(data) % _LINE_BYTES:
            self._say("")

    def _do_infer(self, arguments: list[str]) -> None:
        count = _atoi(arguments[0]) if arguments else 1
        warm_up = _atoi(arguments[1]) if len(arguments) > 1 else 10
        if count <= 0:
            self._say("e-[Inference iterations must be >0]")
            return
        if warm_up < 0:
            self._say("e-[Inference warmup must be >=0]")
            return
        if self._machine.last_selected is None:
            raise _no_model()
        self._machine.script.seen("infer")
        self._machine.load_inputs(self._input())
        self._say(f"m-warmup-start-{warm_up}")
        self._run(warm_up)
        self._say("m-warmup-done")
        self._say(f"m-infer-start-{count}")
        self._say_time()
        self._run(count)
        self._say_time()
        self._say("m-infer-done")
        self._say_results()

    def _run(self, count: int) -> None:
        try:
            for _ in range(count):
                self._machine.run()
        except Refusal as refusal:
            raise Refusal(refusal.code, f"Inference failed: {refusal.text}") from None

    def _do_results(self, arguments: list[str]) -> None:
        del arguments
        if self._machine.last_selected is None:
            raise _no_model()
        self._say_results()

    def _input(self) -> bytes:
        """The bytes of the input tensor, made of those in the buffer."""
        tensor = self._machine.selected.inputs[0]
        model_id, elements = self._machine.model_id, tensor.size_bytes // np.dtype(tensor.dtype).itemsize
        size = {_ANOMALY: 4 * elements}.get(model_id, self._machine.selected.input_bytes)
        if len(self._buffer) != size:
            raise Refusal(_no_model().code, f"The model takes {size} bytes, not {len(self._buffer)}")
        data = bytes(self._buffer)
        self._floats = None
        if model_id == _ANOMALY:
            self._floats = np.frombuffer(data, "<f4").astype(np.float32)
            return _quantize(self._floats, tensor)
        if model_id in _PIXELS and tensor.dtype == "int8":
            return (np.frombuffer(data, np.uint8) ^ 0x80).tobytes()
        return data

    def _say_results(self) -> None:
        outputs = self._machine.selected.outputs
        arrays = [tensor.array(self._machine.output(index)) for index, tensor in enumerate(outputs)]
        values = np.concatenate(
            [_dequantize(array, tensor).ravel() for array, tensor in zip(arrays, outputs, strict=True)]
        )
        if self._machine.model_id == _ANOMALY and self._floats is not None:
            values = np.array([np.mean((values - self._floats) ** 2, dtype=np.float32)])
        self._say(f"m-results-[{','.join(f'{value:.3f}' for value in values)}]")

    def _say_time(self) -> None:
        self._say(f"m-lap-us-{self._machine.uptime_us()}")

    def _say(self, line: str) -> None:
        self._send(line.encode("latin-1", errors="replace") + b"\r\n")


def _no_model() -> Refusal:
    from quantci.device.command import ErrorCode

    return Refusal(ErrorCode.STATE, "No model is selected")


def _atoi(text: str) -> int:
    """The number at the start of a text, as C's atoi reads it: 0 if there is none."""
    match = re.match(r"[+-]?\d+", text)
    return int(match[0]) if match else 0


def _dequantize(array: NDArray[np.generic], tensor: Tensor) -> NDArray[np.float32]:
    if not tensor.scale:
        return array.astype(np.float32)
    return (array.astype(np.float32) - np.float32(tensor.zero_point)) * np.float32(tensor.scale)


def _quantize(values: NDArray[np.float32], tensor: Tensor) -> bytes:
    """As the reference does: rounded half away from zero, and cut off at the type's ends."""
    scaled = values / np.float32(tensor.scale)
    rounded = np.copysign(np.floor(np.abs(scaled) + np.float32(0.5)), scaled) + tensor.zero_point
    ends = np.iinfo(np.dtype(tensor.dtype))
    return bytes(np.clip(rounded, ends.min, ends.max).astype(tensor.dtype).tobytes())
