"""The stage: golden model, upload, measurement, the evaluation set, golden model; all of it, or a board error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec.structs import replace

from quantci.bench.compare import judge_set, run_set
from quantci.bench.first_op import first_different
from quantci.bench.golden import read_golden
from quantci.bench.measure import measure
from quantci.bench.recovery import SILENT
from quantci.bench.samples import find_set
from quantci.bench.session import CANDIDATE, Session
from quantci.errors import BoardError
from quantci.records.bench import BenchResult, DeviceArena
from quantci.records.stage import Advice, Failure
from quantci.tasks.custom import load_metrics
from quantci.tflite.oracle import open_oracle

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from quantci.bench.boards import Boards
    from quantci.bench.golden import Golden
    from quantci.bench.opener import Opened
    from quantci.bench.samples import EvaluationSet
    from quantci.progress import Progress
    from quantci.records.bench import DeviceOutputs
    from quantci.records.config import Config
    from quantci.records.evaluate import EvaluateResult
    from quantci.tasks.custom import Metric
    from quantci.tflite.model import Model

Opener: TypeAlias = "Callable[[], AbstractContextManager[Opened]]"

# An emulator that hangs or dies at its start: QEMU does in about one of ten.
_AT_START: Final = {"usb-dead", "timeout", "link", "foreign-firmware", "emulator-died"}
_BROKEN: Final = {"golden"}  # what puts a board into quarantine


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is to be done.

    Attributes:
        config: the effective configuration.
        base: folder that relative paths in it start from.
        output: folder with evaluate's predictions.
        model: the INT8 model.
        evaluated: what evaluate found of it.
        estimated_us: the estimated latency on the chip; None without one.
        estimated_arena: bytes that the chip's arena is estimated to use; None if that is not known.
        base_model: the base branch's INT8 model, or why there is none; None where nobody asked.
        boards: what this machine remembers.
        bisect: whether the first op that differs is looked for.
        allow_code: whether own metrics, which are code of the repository, may be imported.
    """

    config: Config
    base: Path
    output: Path
    model: Model
    evaluated: EvaluateResult
    boards: Boards
    estimated_us: float | None = None
    estimated_arena: int | None = None
    base_model: Model | Failure | None = None
    bisect: bool = False
    allow_code: bool = False

    @property
    def expected_us(self) -> float:
        """Of an inference: the slower of host and estimate."""
        return max(self.evaluated.steps[-1].host_latency.median_us, self.estimated_us or 0.0)


class _BroughtBack(BoardError):
    """A board that did not answer from the start, and does now."""


def bench(asked: Asked, open_device: Opener, progress: Progress) -> BenchResult:
    """Run the model on a device.

    Args:
        asked: what is to be done.
        open_device: gives the device; asked once more where the port was lost, a silent board was brought back, or
            an emulator did not come up.
        progress: told what is done.

    Raises:
        BoardError: the device failed: that says nothing about the model.
        ModelRejected: the device cannot run it: `arena`, `model-place`, `unsupported-op`, `tflm-refused`.
        DataRejected, ConfigError, ToolError: as docs/errors.md lists.
    """
    golden = read_golden()
    metrics = load_metrics(asked.config.task.metrics, asked.base, allow_code=asked.allow_code)
    found = find_set(asked.config, asked.base, asked.output, asked.evaluated, asked.model.summary)
    begun: list[Session] = []
    try:
        return _held(asked, open_device, golden, found, metrics, progress, begun)
    except BoardError as error:
        device = asked.config.device
        is_ours = device.kind == "emulated" and device.port is None
        is_at_start = is_ours and not begun and error.code in _AT_START
        if error.code != "port-lost" and not isinstance(error, _BroughtBack) and not is_at_start:
            raise
        lost = error
    progress(f"{lost.code}: once more from the start")
    try:
        return replace(_held(asked, open_device, golden, found, metrics, progress, begun), retries=1)
    except BoardError as error:
        raise (lost if error.code == "no-board" else error) from None


def _held(
    asked: Asked,
    open_device: Opener,
    golden: Golden,
    found: EvaluationSet,
    metrics: Mapping[str, Metric],
    progress: Progress,
    begun: list[Session],
) -> BenchResult:
    """One session, from opening the device to closing it; a board that is broken goes into quarantine.

    Args:
        asked, open_device, golden, found, metrics, progress: as above.
        begun: gets the session, once the device has answered.
    """
    with open_device() as opened:
        session: Session | None = None
        try:
            session = Session(opened.device, opened.kind, asked.config.device, expected_us=asked.expected_us)
            begun.append(session)
            return _run(asked, session, golden, found, metrics, progress)
        except BoardError as error:
            if error.code in _BROKEN and session is not None and session.board_id is not None:
                asked.boards.quarantine(session.board_id, error)
            if error.code in SILENT and (fault := _bring_back(asked, opened, error, session)) is not None:
                raise fault from error
            raise


def _bring_back(asked: Asked, opened: Opened, error: BoardError, session: Session | None) -> BoardError | None:
    """Let the next one find a board that answers; what to raise in place of the fault, None for the fault itself."""
    if opened.recover is None:
        return None
    found = opened.recover()
    if not found.answers:
        key = opened.key or (session.board_id if session else None)
        if key is not None:
            asked.boards.quarantine(key, error)
        cause = f"{error.cause} Tried in vain: {', '.join(found.tried)}."
        remedy = "Power-cycle the board by hand; device.power_command does it in the next run."
        if key is not None:
            remedy += f" It is in quarantine until quantci device release {key}."
        return BoardError(error.code, cause, where=error.where, remedy=remedy)
    if session is None:
        return _BroughtBack(error.code, error.cause, where=error.where, remedy=error.remedy)
    return None


def _run(
    asked: Asked,
    session: Session,
    golden: Golden,
    found: EvaluationSet,
    metrics: Mapping[str, Metric],
    progress: Progress,
) -> BenchResult:
    summary, config = asked.model.summary, asked.config
    if session.board_id is not None:
        asked.boards.check(session.board_id)
    progress("checking the device with the golden model")
    session.check_golden(golden, "before")
    progress("uploading the model")
    with session.phase("upload"):
        was_uploaded = session.upload(CANDIDATE, asked.model)
        description = session.select(CANDIDATE, summary)
    first = found.load(0).integers
    progress("measuring")
    with session.phase("measure"):
        measured = measure(session, asked.model, first, config.device, asked.base_model, asked.boards)
    with session.phase("compare"):
        session.select(CANDIDATE, summary)
        ran = run_set(
            found, summary.outputs, session.run, lambda: open_oracle(asked.model, asked.evaluated.oracle), progress
        )
        crcs = session.op_crcs(found.load(ran.different[0]).integers) if ran.different and asked.bisect else None
    session.check_golden(golden, "after")
    progress("computing statistics")
    outputs = judge_set(found, ran, session.interpreter(), metrics, config.evaluation.seed)
    if crcs is not None:
        progress("looking for the first op that differs")
        place = ran.different[0]
        op, reason = first_different(
            asked.model,
            found.load(place).integers,
            found.samples[place].id,
            crcs,
            lambda model: open_oracle(model, asked.evaluated.oracle),
        )
        outputs = replace(outputs, first_op=op, first_op_reason=reason)
    elif ran.different:
        outputs = replace(outputs, first_op_reason="Nobody looked: quantci bench --bisect does.")
    return BenchResult(
        quantized_sha256=asked.model.sha256,
        device=session.identity(),
        golden_sha256=golden.model.sha256,
        was_uploaded=was_uploaded,
        arena=DeviceArena(
            region=config.device.arena,
            used_bytes=description.arena_used_bytes,
            given_bytes=description.arena_given_bytes,
            estimated_bytes=asked.estimated_arena,
        ),
        latency=measured.latency,
        latency_reason=measured.reason,
        ops=measured.ops,
        outputs=outputs,
        against_base=measured.against_base,
        base_failure=measured.base_failure,
        phases=session.phases,
        link=session.link(),
        predictions_sha256=asked.evaluated.predictions_sha256,
        advice=[*_wrong(outputs), *measured.advice],
    )


def _wrong(outputs: DeviceOutputs) -> list[Advice]:
    """`wrong-output`: a device that computes otherwise than the host that accuracy was judged on."""
    agreement, first = outputs.agreement, outputs.first_op
    different = agreement.samples - (agreement.identical_outputs or 0)
    if not different:
        return []
    where = f" The first op that differs is {first.words}." if first else ""
    text = (
        f"{different:,} of {agreement.samples:,} outputs of the device are not those of the host, by "
        f"{agreement.largest_lsb:,.0f} LSB at most.{where} Look for the op in docs/kernels.md, and build the firmware "
        "with a newer ESP-NN, or with CONFIG_NN_ANSI_C to see whether its kernel is the cause."
    )
    return [Advice(code="wrong-output", text=text)]
