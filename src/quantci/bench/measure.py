"""The latency of the model, alone or in turns with the base branch's. What is no board has none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from quantci.bench.latency import compare_latency, noise_of, noise_within, summarize_latency
from quantci.bench.session import CANDIDATE, OTHER
from quantci.errors import ModelRejected
from quantci.records.stage import Advice, Failure

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from quantci.bench.boards import Boards
    from quantci.bench.session import Session
    from quantci.records.bench import (
        AgainstBaseLatency,
        DeviceKind,
        DeviceNoise,
        LatencyWindow,
        MeasuredLatency,
        OpTime,
    )
    from quantci.records.device_config import DeviceConfig
    from quantci.tflite.model import Model

NO_LATENCY: Final[dict[DeviceKind, str]] = {
    "board": "",
    "emulated": "the device is emulated, and an emulator has no time",
    "virtual": "only the virtual device took part, which runs at the speed of the host",
}


class Measured(NamedTuple):
    """What is known of the time; see BenchResult."""

    latency: MeasuredLatency | None
    reason: str
    ops: list[OpTime]
    against_base: AgainstBaseLatency | None
    base_failure: Failure | None
    advice: list[Advice]


def measure(
    session: Session,
    model: Model,
    integers: NDArray[np.generic],
    config: DeviceConfig,
    base_model: Model | Failure | None,
    boards: Boards,
) -> Measured:
    """Measure the model, which is selected.

    Args:
        session: with the device.
        model: the INT8 model, in the slot CANDIDATE.
        integers: an input of it.
        config: how to measure.
        base_model: what is measured in turns with it, in the slot OTHER; or why it is not.
        boards: knows the noise of a board.

    Raises:
        BoardError: as the session.
    """
    failure = base_model if isinstance(base_model, Failure) else None
    if session.kind == "emulated":
        return Measured(None, NO_LATENCY["emulated"], [], None, failure, [])
    base = base_model if session.kind == "board" and not isinstance(base_model, Failure) else None
    if base is not None:
        try:
            session.upload(OTHER, base)
            session.select(OTHER, base.summary)
        except ModelRejected as error:
            base, failure = None, Failure(code=error.code, cause=error.cause, where=error.where, remedy=error.remedy)
    if base is None:
        session.select(CANDIDATE, model.summary)
        windows = [session.window(integers) for _ in range(config.windows)]
        base_windows: list[LatencyWindow] = []
    else:
        base_windows, windows = in_turns(session, (base, model), integers, config.windows)
    if session.kind != "board":
        return Measured(None, NO_LATENCY[session.kind], [], None, failure, [])
    latency = _summary(session, windows, config)
    session.select(CANDIDATE, model.summary)
    ops = session.op_times(model.summary, integers)
    against = None
    if base is not None:
        noise = _noise(session, boards, base_windows, windows)
        against = compare_latency(
            _summary(session, base_windows, config),
            latency,
            noise,
            base_sha256=base.sha256,
            min_change=config.min_change,
        )
    return Measured(latency, "", ops, against, failure, _unstable(latency))


def in_turns(
    session: Session, models: tuple[Model, Model], integers: NDArray[np.generic], count: int
) -> tuple[list[LatencyWindow], list[LatencyWindow]]:
    """Windows of the model in OTHER and of that in CANDIDATE, in turns: what drifts, drifts for both.

    Each pair begins with the one that the pair before ended with.
    """
    other: list[LatencyWindow] = []
    candidate: list[LatencyWindow] = []
    sides = [(OTHER, models[0], other), (CANDIDATE, models[1], candidate)]
    for _ in range(count):
        for slot, model, windows in sides:
            session.select(slot, model.summary)
            (taken,) = model.summary.inputs
            fits = taken.shape == list(integers.shape) and taken.dtype == integers.dtype.name
            windows.append(session.window(integers if fits else session.some_input(taken)))
        sides.reverse()
    return other, candidate


def measure_noise(session: Session, model: Model, integers: NDArray[np.generic], count: int) -> DeviceNoise:
    """A/A: the same model in both slots, measured in turns as if they were two.

    Raises:
        BoardError: as the session.
    """
    session.upload(CANDIDATE, model)
    session.upload(OTHER, model)
    return noise_of(*in_turns(session, (model, model), integers, count))


def _noise(
    session: Session, boards: Boards, base: Sequence[LatencyWindow], candidate: Sequence[LatencyWindow]
) -> DeviceNoise:
    stored = boards.noise(session.board_id, session.fingerprint()) if session.board_id else None
    return stored or noise_within(base, candidate)


def _summary(session: Session, windows: Sequence[LatencyWindow], config: DeviceConfig) -> MeasuredLatency:
    return summarize_latency(windows, warm_up=config.warm_up, clock_hz=session.clock_hz, timer_hz=session.timer_hz)


def _unstable(latency: MeasuredLatency) -> list[Advice]:
    if latency.is_stable:
        return []
    text = (
        f"The times on the board are {100 * latency.instability:.1f} % apart where they should be equal, so no verdict "
        "rests on them. Look for a clock that changes (frequency scaling, an unsteady supply), interrupts and wireless."
    )
    return [Advice(code="unstable", text=text)]
