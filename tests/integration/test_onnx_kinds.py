"""Fifteen kinds of ONNX graph, to TFLM. `python -m tests.integration.test_onnx_kinds` prints them as a table."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import onnx
import pytest
from tests.integration import onnx_graphs

from quantci.errors import QuantciError
from quantci.quantize.int8 import make_int8
from quantci.quantize.prepare import prepare
from quantci.quantize.recipe import recipe_named
from quantci.records.config import CalibrationConfig, Config, EvaluationConfig, ModelConfig, TaskConfig
from quantci.records.input_config import InputConfig
from quantci.source.open_source import open_source
from quantci.tflite.fixed_point import quantize
from quantci.tflite.integer_only import check_integer_only
from quantci.tflite.oracle import choose_oracle, open_oracle
from quantci.workers.jail import Jail
from quantci.workers.pool import Pool

pytestmark = pytest.mark.roads

CONFIG = Config(
    model=ModelConfig(source="model.onnx"),
    task=TaskConfig(kind="regression"),
    input=InputConfig(preprocess="in-model"),
    calibration=CalibrationConfig(data="X.npy"),
    evaluation=EvaluationConfig(data="X.npy"),
)
FEWEST_DECIBELS = 25


def quiet(what: str, done: int = 0, total: int = 0) -> None:
    """Progress that nobody sees."""


class Row(NamedTuple):
    """What one kind gave.

    Attributes:
        ops: of the float flatbuffer as onnx2tf wrote it, and after the rewrites.
        difference: largest one of the float model to ONNX Runtime.
        rewrites: their names.
        decibels: signal to quantization noise of TFLM's outputs, against ONNX Runtime's.
    """

    ops: tuple[int, int]
    difference: float
    rewrites: list[str]
    decibels: float


class Bench:
    """What all kinds share: a jail that imports onnx2tf once, and a worker."""

    def __init__(self) -> None:
        self.jail, self.pool = Jail(where="model.onnx"), Pool(1, where="model.onnx")

    def __enter__(self) -> Self:
        self.jail.__enter__()
        self.pool.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.__exit__(None, None, None)
        self.jail.__exit__()

    def row(self, model: onnx.ModelProto, folder: Path) -> Row:
        """Take the model all the way, on samples in the shape of the ONNX input."""
        onnx.save(model, folder / "model.onnx")
        shape = [dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim]
        np.save(folder / "X.npy", np.random.RandomState(0).randn(64, *shape[1:]).astype(np.float32))
        source = open_source(folder / "model.onnx", CONFIG.model, jail=self.jail)
        converted = source.convert()
        prepared = prepare(CONFIG, folder, source=source, workers=self.pool, progress=quiet)
        recipe = recipe_named("minmax", CONFIG.quantization, needs_tensorflow=False)
        made = make_int8(prepared, recipe, workers=self.pool, tensorflow=self.jail)
        check_integer_only(made.model, frozenset())
        runner = open_oracle(made.model, choose_oracle("auto"))
        taken, given = runner.inputs[0], runner.outputs[0]
        integers = [
            runner.run([quantize(sample, taken.scale, taken.zero_point, taken.dtype)])[0] for sample in prepared.samples
        ]
        reals = (np.concatenate(integers).astype(np.float64) - given.zero_point) * given.scale
        answers = source.outputs(np.concatenate(prepared.samples))
        assert answers is not None
        own = answers[0]
        assert prepared.source.largest_difference is not None
        return Row(
            (len(converted.summary.ops), len(made.float_model.summary.ops)),
            prepared.source.largest_difference,
            [rewrite.name for rewrite in (*prepared.rewrites, *made.rewrites)],
            float(10 * np.log10(np.square(own).sum() / np.square(own - reals.reshape(own.shape)).sum())),
        )


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with Bench() as bench:
        yield bench


@pytest.mark.parametrize("kind", onnx_graphs.KINDS)
def test_a_graph_of_this_kind_goes_all_the_way(kind: str, bench: Bench, tmp_path: Path) -> None:
    row = bench.row(onnx_graphs.KINDS[kind](), tmp_path)
    assert row.difference < 1e-5
    assert row.decibels > FEWEST_DECIBELS


def main() -> None:
    """Print the table."""
    kinds: dict[str, Callable[[], onnx.ModelProto]] = onnx_graphs.KINDS
    sys.stdout.write("| Graph | Ops | Difference | Rewrites | SQNR |\n| --- | --- | --- | --- | --- |\n")
    with Bench() as bench:
        for kind, build in kinds.items():
            with tempfile.TemporaryDirectory() as folder:
                try:
                    row = bench.row(build(), Path(folder))
                except QuantciError as error:
                    sys.stdout.write(f"| {kind} | {error.code}: {error.cause} {error.remedy} |\n")
                    continue
            names = ", ".join(dict.fromkeys(row.rewrites)) or "none"
            before, after = row.ops
            sys.stdout.write(
                f"| {kind} | {before} → {after} | {row.difference:.0e} | {names} | {row.decibels:.1f} dB |\n"
            )


if __name__ == "__main__":
    main()
