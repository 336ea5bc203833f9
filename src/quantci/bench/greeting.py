"""The beginning of a session: who answers, and whether it can do what it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.errors import BoardError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantci.device.driver import Device
    from quantci.device.hello import Hello
    from quantci.records.bench import DeviceKind
    from quantci.records.device_config import DeviceConfig

_LEAST_TO_BELIEVE: Final[tuple[DeviceKind, ...]] = ("virtual", "emulated", "board")
_BOOT_S: Final = 60.0  # an emulated chip starts as slowly as the machine is busy, and drops what comes before
_EMULATED: Final = (
    "Look at what the emulator printed, in device.log and serial.log; build the firmware with sdkconfig.emulated."
)
_SILENT: Final = {"usb-dead", "timeout", "link", "foreign-firmware"}


def greet(device: Device, kind: DeviceKind, config: DeviceConfig, clock: Callable[[], float]) -> Hello:
    """What the device says of itself, once it is known to be fit for a session.

    Args:
        device: opened.
        kind: what we opened.
        config: what it is to do.
        clock: seconds that never go back.

    Raises:
        BoardError: it does not answer; `identity`: it runs another firmware; `device-fault`: it started with a fault;
            `no-engine`: it runs no model.
        ConfigError: `no-psram`: arena or model are to lie in a memory that it does not have.
    """
    hello, where = _hello(device, kind, clock), device.transport.url
    _check_firmware(hello, what_it_is(kind, hello), config, where)
    if hello.fault is not None:
        raise BoardError(
            "device-fault",
            f"The device started with a fault: {hello.fault}.",
            where=where,
            remedy="Reset it; if it stays so, build the firmware for the flash and the memory that it has.",
        )
    if hello.engine != "tflm":
        raise BoardError(
            "no-engine",
            f"The device runs no model: its engine is {hello.engine or 'not told'}.",
            where=where,
            remedy="Use a firmware with TFLM; an echo is for tests of the protocol.",
        )
    _check_memory(hello, config, where)
    return hello


def what_it_is(kind: DeviceKind, hello: Hello) -> DeviceKind:
    """Never more than either side says: what we opened, and what the device calls itself."""
    return min(kind, hello.device, key=_LEAST_TO_BELIEVE.index)


def _hello(device: Device, kind: DeviceKind, clock: Callable[[], float]) -> Hello:
    """HELLO; to what still starts, again and again."""
    end_s = clock() + (_BOOT_S if kind == "emulated" else 0.0)
    while True:
        try:
            return device.hello()
        except BoardError as error:
            if error.code not in _SILENT or kind != "emulated":
                raise
            if clock() >= end_s:
                raise BoardError(error.code, error.cause, where=error.where, remedy=_EMULATED) from error


def _check_firmware(hello: Hello, kind: DeviceKind, config: DeviceConfig, where: str) -> None:
    """What an earlier job left on the board is not what this one is about."""
    wanted = config.firmware_id
    if wanted is not None and kind == "board" and hello.firmware_id != wanted:
        raise BoardError(
            "identity",
            f"The board runs the firmware {hello.firmware_id or 'that does not say which'}, not {wanted}.",
            where=where,
            remedy="Name its flash image in device.image, so that it is written, or correct device.firmware_id.",
        )


def _check_memory(hello: Hello, config: DeviceConfig, where: str) -> None:
    """Before the golden model fails for want of a memory that the board never had."""
    for key, place, room in (
        ("arena", config.arena, hello.arena_psram),
        ("model_place", config.model_place, hello.model_psram),
    ):
        if place == "psram" and not room:
            raise ConfigError(
                "no-psram",
                f"device.{key} is psram, and the device has no room for it there.",
                where=where,
                remedy=f"Remove device.{key}, or take a board with PSRAM and a firmware that uses it.",
            )
