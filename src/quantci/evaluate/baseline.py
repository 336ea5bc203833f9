"""The base branch's model and what it said of each sample, out of a baseline folder that strangers may have made."""

from __future__ import annotations

import hashlib
import io
import zipfile
from importlib.metadata import version
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from quantci import __version__
from quantci.data.culprits import printable
from quantci.data.npz import MOST_ARRAY_BYTES, read_array, read_texts
from quantci.data.preprocess import Preprocessing
from quantci.errors import ConfigError, DataRejected
from quantci.evaluate.shard_match import TOOLS
from quantci.records.against_base import BaseModel, BaseSide
from quantci.records.baseline_folder import PREDICTIONS_FILE, read_file
from quantci.records.quantize import QUANTIZED_MODEL
from quantci.tasks.outputs import only_input
from quantci.tflite.identify import MAX_MODEL_BYTES
from quantci.tflite.model import Model
from quantci.tflite.oracle import oracle_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from quantci.data.sample import Sample
    from quantci.evaluate.score import Batch
    from quantci.records.baseline_folder import Baseline
    from quantci.records.config import Config
    from quantci.records.evaluate import EvaluateResult
    from quantci.tasks.task import Task
    from quantci.tflite.oracle import Oracle


class Base(NamedTuple):
    """The base's model, and what may be taken from its predictions.

    Attributes:
        side: what has to be known to compare.
        model: to be run on what its predictions do not have.
        preprocessing: its own.
        digests: by id, the content of the samples whose outputs still hold; none where nothing holds any more.
        places: by id, the row in `kept`.
        kept: what the task kept of its outputs, [m, d].
    """

    side: BaseSide
    model: Model
    preprocessing: Preprocessing
    digests: dict[str, str]
    places: dict[str, int]
    kept: NDArray[np.generic]

    def digests_of(self, samples: Sequence[Sample]) -> dict[str, str]:
        """Those of `digests` that are of these samples."""
        return {sample.id: self.digests[sample.id] for sample in samples if sample.id in self.digests}

    def outputs_of(self, batch: Batch) -> NDArray[np.generic]:
        """What the base makes of the samples of a batch, [n, d]: run again, or out of its predictions."""
        rows = np.empty((len(batch.samples), self.kept.shape[1]), self.kept.dtype)
        if batch.base_again.any():
            rows[batch.base_again] = batch.base
        pairs = zip(batch.samples, batch.base_again, strict=True)
        rows[~batch.base_again] = self.kept[[self.places[sample.id] for sample, again in pairs if not again]]
        return rows


def read_with() -> dict[str, str]:
    """Versions of what reads and prepares samples: another one may give other tensors."""
    return {"quantci": __version__} | {name: version(name) for name in TOOLS}


def read_base(baseline: Baseline, config: Config, task: Task, oracle: Oracle) -> Base:
    """The base's side, each file checked against the report, and the report against itself.

    Args:
        baseline: of the right model and branch.
        config: of this change.
        task: of this change.
        oracle: what judges INT8 today.

    Raises:
        ConfigError: `baseline-old`, `baseline-task`, `baseline-file` or `baseline-damaged`.
        QuantciError: what is wrong with the model, with its [input] or with its labels.
    """
    folder, report = baseline
    quantized, evaluated, theirs = report.quantize, report.evaluate, report.config
    if quantized is None or evaluated is None:
        raise ConfigError(
            "baseline-old",
            "The baseline cannot be used: on the base branch quantize or evaluate gave no result.",
            where=str(folder),
            remedy="Run quantci on the base branch again, until its report has both.",
        )
    if theirs is None or not evaluated.read_with:
        raise ConfigError(
            "baseline-old",
            "The baseline cannot be used: an older quantci wrote it, without its configuration and the samples' "
            "digests.",
            where=str(folder),
            remedy="The next run on the base branch with this version of quantci makes one that can be compared.",
        )
    if theirs.task.kind != config.task.kind:
        raise ConfigError(
            "baseline-task",
            f"Nothing can be compared with the baseline: its task is {theirs.task.kind}, and this change's is "
            f"{config.task.kind}.",
            where="task.kind",
            remedy="None is needed: the first run on the base branch with the new task makes a new baseline.",
        )
    model = base_model(folder, quantized.quantized_model.sha256)
    outputs = task.outputs_of(model.summary)
    preprocessing = Preprocessing.for_model(theirs.input, only_input(model.summary, model.where).shape)
    nothing = task.nothing_kept(outputs, is_float=False)
    found = _predictions(folder, evaluated, nothing)
    if len(found.labels) != len(set(found.labels)):
        raise _damaged(folder / PREDICTIONS_FILE, "it names a class twice")
    try:
        task.check_labels(found.labels, outputs, str(folder))
    except DataRejected as error:
        raise _damaged(folder / PREDICTIONS_FILE, printable(error.cause, 300).rstrip(".")) from None
    changes = _changes(evaluated, oracle)
    origin = report.origin
    side = BaseSide(
        base=BaseModel(
            quantci_version=report.provenance.quantci_version,
            branch=origin.branch if origin else None,
            git_commit=(origin.commit if origin else None) or report.provenance.git_commit,
            quantized_sha256=model.sha256,
        ),
        labels=found.labels,
        outputs=list(outputs),
        changes=changes,
    )
    places = {name: place for place, name in enumerate(found.ids)}
    digests = {} if changes else dict(zip(found.ids, found.digests, strict=True))
    return Base(side, model, preprocessing, digests, places, found.kept)


class _Predictions(NamedTuple):
    ids: list[str]
    digests: list[str]
    labels: list[str]
    kept: NDArray[np.generic]


def base_model(folder: Path, sha256: str) -> Model:
    """The base's INT8 model, which its report gives the digest of.

    Raises:
        ConfigError: `baseline-file` or `baseline-damaged`.
    """
    path = folder / QUANTIZED_MODEL
    model = Model(read_file(folder, QUANTIZED_MODEL, MAX_MODEL_BYTES), str(path))
    if model.sha256 != sha256:
        raise _damaged(path, f"it is not the model that the report describes (sha256 {sha256[:12]}...)")
    return model


def _predictions(folder: Path, evaluated: EvaluateResult, nothing: NDArray[np.generic]) -> _Predictions:
    path = folder / PREDICTIONS_FILE
    data = read_file(folder, PREDICTIONS_FILE, MOST_ARRAY_BYTES)
    if hashlib.sha256(data).hexdigest() != evaluated.predictions_sha256:
        digest = evaluated.predictions_sha256[:12]
        raise _damaged(path, f"these are not the predictions that the report describes (sha256 {digest}...)")
    count = evaluated.dataset.used
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            labels = read_texts(archive, "label_names")
            ids = read_texts(archive, "id", count)
            digests = read_array(archive, "content_sha256", np.dtype(np.uint8), (count, 32))
            kept = read_array(
                archive, evaluated.steps[-1].name.replace("-", "_"), nothing.dtype, (count, *nothing.shape[1:])
            )
    except Exception as error:  # zipfile and numpy raise what they like on damaged archives and headers
        raise _damaged(path, printable(f"{type(error).__name__}: {error}", 300)) from error
    return _Predictions(ids, [row.tobytes().hex() for row in digests], labels, kept)


def _changes(evaluated: EvaluateResult, oracle: Oracle) -> list[str]:
    """Why the outputs of then need not be those of now."""
    now, then = read_with(), evaluated.read_with
    changes = [
        f"{name} was {printable(then.get(name, 'not known'))} and is {now[name]}"
        for name in now
        if then.get(name) != now[name]
    ]
    interpreter = evaluated.steps[-1].interpreter if evaluated.steps else "not known"
    if interpreter != oracle_name(oracle):
        changes.append(f"the oracle was {printable(interpreter)} and is {oracle_name(oracle)}")
    return changes


def _damaged(path: Path, reason: str) -> ConfigError:
    return ConfigError(
        "baseline-damaged",
        f"The baseline cannot be used: {reason}.",
        where=str(path),
        remedy="Make the baseline again on the base branch; its three files belong together.",
    )
