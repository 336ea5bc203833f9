"""What a device says of itself in HELLO, and the part of it that makes two latencies comparable."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind: TypeAlias = Literal["board", "emulated", "virtual"]
_KINDS: Final[dict[str, Kind]] = {"board": "board", "emulated": "emulated", "virtual": "virtual"}

# Of the build fingerprint, but for the places of arena and model, which SELECT chooses.
FINGERPRINT: Final = (
    "chip",
    "clock_hz",
    "timer_hz",
    "idf",
    "tflm",
    "esp_nn",
    "kernels",
    "optimization",
    "icache",
    "dcache",
    "flash",
    "psram",
    "firmware_id",
)


@dataclass(frozen=True, kw_only=True)
class Hello:
    """A device's answer to HELLO. None or 0: the device did not say it, because it cannot know it.

    Attributes:
        keys: all that it said, also what this version of quantci does not know.
        slot_sha256: digest of the model in each slot; None for an empty one.
        fault: what went wrong when it started; None where nothing did.
        timer_hz: of the cycle counter; 0 when there is none.
    """

    keys: Mapping[str, str] = field(repr=False)
    protocol: int = 0
    firmware: str | None = None
    firmware_id: str | None = None
    engine: str | None = None
    device: Kind = "board"
    board_id: str | None = None
    reset_reason: str = "unknown"
    fault: str | None = None
    boot_count: int = 0
    uptime_us: int = 0
    timer_hz: int = 0
    slots: int = 0
    slot_bytes: int = 0
    slot_sha256: tuple[str | None, ...] = ()
    arena_internal: int = 0
    arena_psram: int = 0
    model_psram: int = 0
    max_payload: int = 0
    window: int = 0
    max_input: int = 0
    max_iterations: int = 0

    @property
    def fingerprint(self) -> dict[str, str | None]:
        """What must be equal for two latencies to be compared, but for what SELECT chooses; None where not known."""
        return {key: self.keys.get(key) for key in FINGERPRINT}


def parse_hello(payload: bytes) -> Hello:
    """Read HELLO's reply.

    Raises:
        ValueError: a number is not one, or the kind of device is not known.
    """
    lines = payload.decode("utf-8", errors="replace").splitlines()
    keys = {key: value for key, mark, value in (line.partition("=") for line in lines) if mark}
    slots = int(keys.get("slots", "0"))
    kind = _KINDS.get(keys.get("device", "board"))
    if kind is None:
        msg = f"device={keys['device']}"
        raise ValueError(msg)
    if not 0 <= slots <= 256:  # their number is a byte
        msg = f"slots={slots}"
        raise ValueError(msg)
    numbers = (
        "protocol",
        "boot_count",
        "uptime_us",
        "timer_hz",
        "slot_bytes",
        "arena_internal",
        "arena_psram",
        "model_psram",
        "max_payload",
        "window",
        "max_input",
        "max_iterations",
    )
    return Hello(
        keys=keys,
        firmware=keys.get("firmware"),
        firmware_id=keys.get("firmware_id"),
        engine=keys.get("engine"),
        device=kind,
        board_id=keys.get("board_id"),
        reset_reason=keys.get("reset_reason", "unknown"),
        fault=keys.get("fault"),
        slots=slots,
        slot_sha256=tuple(keys.get(f"slot{slot}_sha256") for slot in range(slots)),
        **{name: int(keys.get(name, "0")) for name in numbers},
    )


def write_hello(keys: Mapping[str, object]) -> bytes:
    """HELLO's reply with these keys; None leaves one out."""
    return "".join(f"{key}={value}\n" for key, value in keys.items() if value is not None).encode()
