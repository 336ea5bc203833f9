"""A leak of the calibration set into the evaluation set: looked for before the models run, and judged when they have.

Compared is content. Before, an image is decoded only if its file is as large as one of the calibration set: a copy that
was saved anew is found when the models have run, and then costs the pass and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.data.audit import find_overlap, image_bytes
from quantci.data.culprits import counted, printable
from quantci.errors import DataRejected
from quantci.records.dataset import SampleDigest
from quantci.records.doubt import Doubt

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from quantci.data.preprocess import Preprocessing
    from quantci.data.sample import Sample
    from quantci.workers.pool import Pool

LEAK: Final = "leak"
_BATCH: Final = 64
_REMEDY: Final = (
    "draw the calibration set from the training data, never from what the model is judged on, or say in "
    "evaluation.leak_accepted why it must be so."
)


def refuse_leak(
    samples: Iterable[Sample], calibration: Sequence[SampleDigest], preprocessing: Preprocessing, workers: Pool
) -> None:
    """Refuse to evaluate on what the ranges were calibrated on.

    Args:
        samples: that will be evaluated.
        calibration: that the ranges were calibrated on.
        preprocessing: reads them.
        workers: where they are read.

    Raises:
        DataRejected: `leak` naming the first five pairs and their number.
    """
    asked = candidates(samples, calibration)
    batches = ((preprocessing, asked[start : start + _BATCH]) for start in range(0, len(asked), _BATCH))
    found = [digest for batch in workers.map(digest_samples, batches) for digest in batch] if asked else []
    if pairs := find_overlap(calibration, found):
        raise DataRejected(
            LEAK,
            f"{_cause(pairs)}.",
            where="evaluation.data",
            remedy=f"{_REMEDY[0].upper()}{_REMEDY[1:]}",
        )


def candidates(samples: Iterable[Sample], calibration: Sequence[SampleDigest]) -> list[Sample]:
    """Those that are worth a look: tensors, which are read in no time, and images with a file of a known size."""
    sizes = {digest.file_bytes for digest in calibration}
    return [sample for sample in samples if image_bytes(sample) in sizes]


def digest_samples(asked: tuple[Preprocessing, list[Sample]]) -> list[SampleDigest]:
    """The identity of each sample that can be read. Runs in a worker."""
    preprocessing, samples = asked
    found = []
    for sample in samples:
        try:
            raw = preprocessing.read(sample)
        except DataRejected:
            continue  # whoever evaluates it says so
        found.append(SampleDigest(id=sample.id, content_sha256=raw.content_sha256))
    return found


def doubt_leak(
    calibration: Iterable[SampleDigest], evaluation: Iterable[SampleDigest], accepted: str | None
) -> list[Doubt]:
    """What is said of a leak when all has been computed: it is kept, and passes only where somebody accepted it.

    Args:
        calibration: what the ranges were calibrated on.
        evaluation: what was evaluated.
        accepted: why the leak is as it must be; None where nobody said so.
    """
    pairs = find_overlap(calibration, evaluation)
    if not pairs:
        return []
    said = _REMEDY if accepted is None else f"evaluation.leak_accepted says why: {printable(accepted, 500)}"
    return [Doubt(code=LEAK, text=f"{_cause(pairs)}: {said}", forbids_pass=accepted is None)]


def _cause(pairs: Sequence[str]) -> str:
    return f"Samples of the evaluation set that are in the calibration set too {counted(pairs)}"
