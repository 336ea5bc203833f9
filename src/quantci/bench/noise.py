"""A/A: the same model in both slots of a board, measured as if it were two. What then differs is noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from quantci.bench.golden import read_golden
from quantci.bench.measure import measure_noise
from quantci.bench.session import Session
from quantci.statistics.timing import least_change
from quantci.tasks.outputs import only_input

if TYPE_CHECKING:
    from quantci.bench.boards import Boards
    from quantci.bench.run import Opener
    from quantci.progress import Progress
    from quantci.records.bench import DeviceKind, DeviceNoise
    from quantci.records.device_config import DeviceConfig
    from quantci.tflite.model import Model


class Found(NamedTuple):
    """What came of it; `board_id` is None where nothing was remembered."""

    noise: DeviceNoise
    least_change: float
    board_id: str | None
    kind: DeviceKind


def find_noise(config: DeviceConfig, model: Model, open_device: Opener, boards: Boards, progress: Progress) -> Found:
    """Measure a device's noise with this model, and remember it of a board.

    Raises:
        BoardError: the device failed.
    """
    summary = model.summary
    with open_device() as opened:
        session = Session(opened.device, opened.kind, config, expected_us=0.0)
        progress("checking the device with the golden model")
        session.check_golden(read_golden(), "before")
        progress("measuring the model against itself")
        noise = measure_noise(session, model, session.some_input(only_input(summary, model.where)), config.windows)
        if session.board_id is not None:
            boards.keep_noise(session.board_id, noise, session.fingerprint())
        return Found(noise, least_change(config.min_change, noise.noise_ratio), session.board_id, session.kind)
