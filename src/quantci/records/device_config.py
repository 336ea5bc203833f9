"""[device] of quantci.toml: what bench runs the model on."""

from typing import Annotated, Literal

from msgspec import Meta

from quantci.records.base import Record
from quantci.records.units import FilePath, Ratio

WantedDevice = Literal["auto", "board", "emulated", "virtual"]
ArenaRegion = Literal["internal", "psram"]
ModelPlace = Literal["flash", "psram"]
EmulatorName = Literal["qemu", "esp-emu", "own"]


class DeviceConfig(Record, frozen=True, kw_only=True):
    """What runs the model for `quantci bench`, and how it is measured."""

    kind: Annotated[
        WantedDevice,
        Meta(
            description="board: real hardware. emulated: your firmware image in an emulator. virtual: a process here "
            "that speaks the protocol. auto: a board that is found, or else the virtual device."
        ),
    ] = "auto"
    port: Annotated[
        Annotated[str, Meta(min_length=1, max_length=300)] | None,
        Meta(
            description="Serial port or URL: /dev/ttyACM0, COM3, socket://HOST:PORT or rfc2217://HOST:PORT; if not "
            "set, a board is looked for on USB."
        ),
    ] = None
    serial_number: Annotated[
        Annotated[str, Meta(min_length=1, max_length=100)] | None,
        Meta(description="Of the board that is meant, where there may be several: that of its USB, or its MAC."),
    ] = None
    emulator: Annotated[
        EmulatorName, Meta(description="For emulated: Espressif's qemu or esp-emu; own: device.emulator_command.")
    ] = "qemu"
    emulator_command: Annotated[
        tuple[str, ...],
        Meta(
            description="For own: words of the command line; {image} is the flash image, {port} the TCP port that its "
            "UART is to listen on."
        ),
    ] = ()
    image: Annotated[
        FilePath | None,
        Meta(
            description="Flash image of the bench firmware, such as esptool merge-bin makes: what is emulated, or "
            "written to a board that runs another one than device.firmware_id."
        ),
    ] = None
    firmware_id: Annotated[
        Annotated[str, Meta(pattern="^[0-9a-f]{64}$")] | None,
        Meta(description="What the firmware of a board has to say that it is; if not set, any will do."),
    ] = None
    power_command: Annotated[
        tuple[str, ...],
        Meta(
            description="Words of a command that cuts a dead board's power and gives it back, such as uhubctl; {hub} "
            "and {socket} are where it is plugged in, {key} its serial number."
        ),
    ] = ()
    wait_s: Annotated[float, Meta(ge=0, le=86_400, description="Seconds to wait for a board that another job has.")] = (
        600.0
    )
    arena: Annotated[ArenaRegion, Meta(description="Where the tensor arena is to lie.")] = "internal"
    model_place: Annotated[
        ModelPlace, Meta(description="Where the model is to lie while it runs: in flash, or copied into PSRAM.")
    ] = "flash"
    iterations: Annotated[int, Meta(ge=1, le=512, description="Timed inferences of each window.")] = 20
    warm_up: Annotated[int, Meta(ge=0, le=1000, description="Inferences before each window, which are not timed.")] = 10
    windows: Annotated[int, Meta(ge=3, le=50, description="Windows of each model; MLPerf Tiny has five.")] = 5
    min_change: Annotated[
        Ratio,
        Meta(description="Smallest change of the latency that counts, 0..1, or 3.5 times the noise."),
    ] = 0.01
