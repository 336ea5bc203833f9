"""A made-up evaluation, sharded without an interpreter: what a sample gives follows from its place in the set."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from tests.golden import LABELS, example_provenance, example_quantize_record, sha
from tests.known import known
from tests.truths import of

from quantci import __version__
from quantci.data.sample import Sample
from quantci.data.tally import Tally
from quantci.errors import DataRejected
from quantci.evaluate.scored import BaseRows, Scored
from quantci.evaluate.shard import pack_shard
from quantci.evaluate.steps import FLOAT, STEPS
from quantci.records.against_base import BaseModel, BaseSide
from quantci.records.base import write
from quantci.records.config import CalibrationConfig, Config, EvaluationConfig, ModelConfig, TaskConfig
from quantci.records.dataset import ImageCounts
from quantci.records.evaluate import AbsentStep
from quantci.records.quantize import QuantizeResult
from quantci.records.shard import Shard, ShardRecord
from quantci.statistics.agreement import sample_differences
from quantci.tflite.oracle import Oracle

CONFIG = Config(
    model=ModelConfig(source="m.keras"),
    calibration=CalibrationConfig(data="calibration"),
    evaluation=EvaluationConfig(data="validation"),
    task=TaskConfig(labels=LABELS),
)
SCALE = 0.0078125  # of the golden model's output, whose zero point is 0


def quantized() -> QuantizeResult:
    result = example_quantize_record().result
    assert result is not None
    return result


QUANTIZED = quantized()
BASE_SIDE = BaseSide(
    base=BaseModel(quantci_version="0.1.0", branch="main", git_commit="c" * 40, quantized_sha256=sha("base")),
    labels=list(reversed(LABELS)),
    outputs=QUANTIZED.quantized_model.outputs,
    changes=[],
)


def whole_set(found: int) -> list[Sample]:
    """Samples of all classes in turn; every third is tagged."""
    names = [f"{LABELS[place % 4]}/{place:03}.png" for place in range(found)]
    return [
        Sample(name, Path(name), of(place % 4), ("night", "rain")[: place % 3], name, None)
        for place, name in enumerate(names)
    ]


def score_places(
    whole: list[Sample],
    places: Sequence[int],
    unreadable: Collection[int] = (),
    workers: int = 2,
    *,
    has_base: bool = False,
) -> Scored:
    """What a run over these places of the set leaves."""
    tally, read = Tally(), []
    for place in places:
        sample = whole[place]
        if place in unreadable:
            tally.skip(sample, DataRejected("unreadable-image", f"It ends after {place} bytes.", remedy="Save it."))
            continue
        tally.used[sample.id] = (sample, sha(sample.id))
        tally.merge(Tally(counts=ImageCounts(resized=1, palette=place % 2)))
        read.append(place)
    rows = [np.random.RandomState(place) for place in read]
    outputs: dict[str, Any] = {"float": np.array([row.rand(4) for row in rows], np.float32).reshape(-1, 4)}
    outputs["int8-litert"] = np.clip(np.rint(outputs["float"] / SCALE), -128, 127).astype(np.int8)
    noise = np.array([row.randint(-3, 4, 4) for row in rows], np.int64).reshape(-1, 4)
    outputs["int8-oracle"] = np.clip(outputs["int8-litert"].astype(int) + noise, -128, 127).astype(np.int8)
    values = {step: array * np.float32(SCALE if step != "float" else 1) for step, array in outputs.items()}
    differences = {}
    for before, after in (STEPS[:2], STEPS[1:]):
        raw = None if before == "float" else outputs[before]
        differences[after] = sample_differences(
            values[before], values[after], raw_before=raw, raw_after=outputs[after], scale=SCALE
        )
    return Scored(
        len(places),
        LABELS,
        [whole[place] for place in read],
        tally,
        outputs,
        differences,
        {step: np.array([10.0 * place + 1 for place in read]) for step in STEPS},
        "tflm",
        dict.fromkeys(STEPS, "an interpreter 1.0"),
        workers,
        {"quantci": __version__, "numpy": "2.3.4", "pillow": "not known"},
        *(base_of(read) if has_base else ()),
    )


def only(scored: Scored, steps: Sequence[str], oracle: Oracle) -> Scored:
    """What a run with these steps leaves."""
    reasons = [AbsentStep(name=step, reason="It is not there.") for step in STEPS if step not in steps]
    return scored._replace(
        outputs={step: scored.outputs[step] for step in steps},
        differences={step: scored.differences[step] for step in steps[1:]},
        invoke_us={step: scored.invoke_us[step] for step in steps},
        interpreters={step: scored.interpreters[step] for step in steps},
        oracle=oracle,
        absent=reasons,
    )


def base_of(places: Sequence[int]) -> tuple[BaseSide, BaseRows]:
    """What a base gave for these places of the set; every third sample it was run on again."""
    rows = [np.random.RandomState(1000 + place).randint(-128, 128, 4) for place in places]
    again = np.array([place % 3 == 0 for place in places], np.bool_)
    return BASE_SIDE, BaseRows(np.array(rows, np.int8).reshape(-1, 4), again)


def write_shard(
    folder: Path,
    whole: list[Sample],
    shard: Shard,
    unreadable: Collection[int] = (),
    *,
    config: Config = CONFIG,
    workers: int = 2,
    version: str = __version__,
    has_base: bool = False,
    steps: Sequence[str] = STEPS,
    oracle: Oracle = "tflm",
    **changed: object,
) -> Path:
    """Both files of one shard, as `quantci evaluate --shard` leaves them, but for `changed` fields of its result."""
    places = shard.places(len(whole))
    scored = only(score_places(whole, places, unreadable, workers, has_base=has_base), steps, oracle)
    result, outputs = pack_shard(
        scored,
        [whole[place] for place in places],
        whole=whole,
        config=config,
        float_sha256=known(QUANTIZED.float_model).sha256 if steps[0] == FLOAT else None,
        quantized_sha256=QUANTIZED.quantized_model.sha256,
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / shard.outputs_file).write_bytes(outputs)
    record = ShardRecord(
        schema_version=1,
        status="ok",
        failure=None,
        provenance=msgspec.structs.replace(example_provenance(), quantci_version=version),
        stage="evaluate-shard",
        shard=shard,
        result=msgspec.structs.replace(result, **changed),
    )
    write(folder / shard.record_file, record)
    return folder / shard.record_file


def write_shards(folder: Path, whole: list[Sample], count: int, unreadable: Collection[int] = ()) -> list[Path]:
    """All shards of a division, in one folder."""
    return [write_shard(folder, whole, Shard(index=k, count=count), unreadable) for k in range(1, count + 1)]
