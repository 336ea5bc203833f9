"""Quantization-aware training as a step of a recipe: between the ranges and the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from quantci.quantize.qat import session
from quantci.quantize.qat.tuned import with_constants, with_learned
from quantci.workers.pool import Pool

if TYPE_CHECKING:
    from quantci.progress import Progress
    from quantci.quantize.qat.session import Job
    from quantci.records.qat import QatInfo
    from quantci.records.quantize import TensorRange
    from quantci.tflite.model import Model

_AT_ONCE_S: Final = 2.0  # between two lines of progress


class Tuned(NamedTuple):
    """A float model whose INT8 model is better, with the ranges for it. It is no reference: the original stays that."""

    float_model: Model
    ranges: list[TensorRange]
    info: QatInfo


def tune(job: Job, progress: Progress) -> Tuned:
    """Train in a process of its own.

    Raises:
        ConfigError: `code-not-allowed`, `fine-tune`.
        ModelRejected: `qat-unknown-op`, `qat-differs`.
        ToolError: `missing-extra`, `out-of-memory`, `worker-killed`.
    """
    job.plan.check()
    with Pool(1, where=job.model.where) as process:
        progress("preparing quantization-aware training")
        process.call(session.open_session, job)
        is_done = False
        while not is_done:
            done, total, best, start, is_done = process.call(session.advance, _AT_ONCE_S)
            progress(f"training: loss {start:.4g}, now {best:.4g}", done, total)
        learned = process.call(session.learned)
    ranges = job.starts[learned.info.start]
    return Tuned(with_constants(job.model, learned.constants), with_learned(ranges, learned.ranges), learned.info)
