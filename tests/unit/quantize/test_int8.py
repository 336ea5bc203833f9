"""Several recipes on one preparation; what changes values is calibrated anew, what does not is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from tests.models import Op, Tensor, build_model, tiny_int8_cnn
from tests.unit.quantize.inline import FloatSource, InlinePool, prepared_by

from quantci.errors import ModelRejected
from quantci.quantize.int8 import Int8, make_int8
from quantci.quantize.prepare import Prepared
from quantci.quantize.recipe import Recipe, Types, minmax, recipe_named
from quantci.quantize.step import Ranged, Statistics, Transformed
from quantci.records.config import QuantizationConfig
from quantci.tflite.model import Model

SHAPE = [1, 4]
INT8 = tiny_int8_cnn()
PLAIN = Recipe(
    name="minmax", transforms=(), range_rules=(minmax,), engine="litert", types=Types(input="int8", output="int8")
)


def clamped() -> Model:
    """`sum` = `x` + 0.5, clamped by a RELU6 on its own."""
    tensors = [
        Tensor("x", SHAPE),
        Tensor("half", data=np.full(SHAPE, 0.5, np.float32)),
        Tensor("sum", SHAPE),
        Tensor("y", SHAPE),
    ]
    options = {"fusedActivationFunction": 0}
    ops = [Op("ADD", ["x", "half"], ["sum"], options), Op("RELU6", ["sum"], ["y"])]
    return Model(build_model(tensors, ops, ["x"], ["y"]), "model.tflite")


def moved(statistics: Statistics) -> Transformed:
    """Adds 2 instead: other values."""
    draft = statistics.float_model.draft()
    graph = draft.subgraphs[0]
    constant = next(tensor for tensor in graph.tensors if tensor.name == b"half")
    draft.buffers[constant.buffer].data = np.frombuffer(np.full(SHAPE, 2, np.float32).tobytes(), np.uint8)
    return Transformed(statistics.float_model.changed(draft), None, [])


def doubled(statistics: Statistics) -> Ranged:
    """Twice the range of each activation."""
    return Ranged(
        [msgspec.structs.replace(entry, min=2 * entry.min, max=2 * entry.max) for entry in statistics.ranges], []
    )


@pytest.fixture
def workers() -> InlinePool:
    return InlinePool()


@pytest.fixture
def source() -> FloatSource:
    return FloatSource(clamped())


@pytest.fixture
def prepared(tmp_path: Path, source: FloatSource, workers: InlinePool) -> Prepared:
    (tmp_path / "data").mkdir()
    for index, values in enumerate(([-4, 0, 1, 8], [-2, 3, 0, 0])):
        np.save(tmp_path / "data" / f"{index}.npy", np.array(values, np.float32))
    return prepared_by(source, tmp_path, workers, rewrite=False)


def made(prepared: Prepared, recipe: Recipe, workers: InlinePool, tensorflow: Any = None) -> Int8:
    pool: Any = workers
    return make_int8(prepared, recipe, workers=pool, tensorflow=tensorflow)


def ranges_of(result: Int8) -> dict[str, tuple[float, float]]:
    """By name, and each of the tensor that it says."""
    for entry in result.ranges:
        assert result.float_model.tensor_names[entry.tensor] == entry.name
    return {entry.name: (entry.min, entry.max) for entry in result.ranges}


def test_recipes_share_what_was_prepared(prepared: Prepared, source: FloatSource, workers: InlinePool) -> None:
    before = prepared.statistics
    default = recipe_named("minmax", QuantizationConfig(), needs_tensorflow=False)
    wide = replace(PLAIN, range_rules=(minmax, doubled), types=Types(input="uint8", output="uint8"))
    found = [made(prepared, recipe, workers) for recipe in (default, PLAIN, wide, default)]
    assert source.conversions == 1
    assert workers.calls == {"find_samples": 1, "_calibrate_share": 1, "quantize_with_litert": 4}
    assert prepared.statistics == before
    assert found[0].model.data == found[3].model.data
    assert [ranges_of(result) for result in found] == [
        {"x": (-4, 8), "sum": (-3.5, 8.5), "y": (-3.5, 8.5)},
        {"x": (-4, 8), "sum": (-3.5, 8.5), "y": (0, 6)},
        {"x": (-8, 16), "sum": (-7, 17), "y": (0, 12)},
        {"x": (-4, 8), "sum": (-3.5, 8.5), "y": (-3.5, 8.5)},
    ]
    assert [result.model.summary.inputs[0].dtype for result in found] == ["int8", "int8", "uint8", "int8"]
    assert [[(rewrite.name, rewrite.layers) for rewrite in result.rewrites] for result in found] == [
        [("same-range", ["y"])],
        [],
        [],
        [("same-range", ["y"])],
    ]
    assert found[1].float_model is before.float_model
    assert found[0].model.file_name == "model_quant.tflite"


def test_changed_values_are_calibrated_anew(prepared: Prepared, source: FloatSource, workers: InlinePool) -> None:
    result = made(prepared, replace(PLAIN, transforms=(moved,)), workers)
    assert ranges_of(result) == {"x": (-4, 8), "sum": (-2, 10), "y": (0, 6)}
    assert (source.conversions, workers.calls["find_samples"], workers.calls["_calibrate_share"]) == (1, 1, 2)
    assert ranges_of(made(prepared, PLAIN, workers)) == {"x": (-4, 8), "sum": (-3.5, 8.5), "y": (0, 6)}
    assert workers.calls["_calibrate_share"] == 2


def test_each_step_sees_what_those_before_it_made(prepared: Prepared, workers: InlinePool) -> None:
    default = recipe_named("minmax", QuantizationConfig(), needs_tensorflow=False)
    result = made(prepared, replace(default, transforms=(moved, *default.transforms)), workers)
    assert ranges_of(result) == {"x": (-4, 8), "sum": (-2, 10), "y": (-2, 10)}
    seen = made(prepared, replace(PLAIN, range_rules=(doubled, doubled)), workers)
    assert ranges_of(seen)["x"] == (-16, 32)


def test_a_recipe_that_asks_for_distributions_looks_once(prepared: Prepared, workers: InlinePool) -> None:
    clipped = recipe_named("percentile-99.9", QuantizationConfig(rewrite=False), needs_tensorflow=False)
    assert "_observe_share" not in workers.calls
    first, second = (ranges_of(made(prepared, clipped, workers)) for _ in range(2))
    assert first == second
    assert workers.calls["_observe_share"] == 1
    # Of 8 values each: within the bin of the smallest and of the largest, 1/8192 of the range, next to the end.
    assert first["x"] == pytest.approx((-4, 8), abs=12 / 8192)
    assert first["x"] != (-4, 8)


def test_what_a_transform_made_is_calibrated_once_for_all_recipes(prepared: Prepared, workers: InlinePool) -> None:
    for rules in ((minmax,), (minmax, doubled)):
        made(prepared, replace(PLAIN, transforms=(moved,), range_rules=rules), workers)
    assert workers.calls["_calibrate_share"] == 2


def test_the_engine_of_the_recipe_is_asked(prepared: Prepared, workers: InlinePool) -> None:
    asked = []

    class Elsewhere:
        def call(self, function: Any, calibrated: Model, types: Types) -> bytes:
            asked.append((function.__name__, calibrated.summary.ops[0].op, types))
            return INT8

    recipe = replace(PLAIN, engine="tensorflow")
    assert made(prepared, recipe, workers, Elsewhere()).model.data == INT8
    assert asked == [("quantize_with_tensorflow", "ADD", PLAIN.types)]
    assert "quantize_with_litert" not in workers.calls


def vanishing(prepared: Prepared, *names: str) -> Prepared:
    ranges = [
        msgspec.structs.replace(entry, min=0, max=1e-12) if entry.name in names else entry
        for entry in prepared.statistics.ranges
    ]
    return replace(prepared, statistics=prepared.statistics._replace(ranges=ranges))


def test_an_activation_that_vanishes_is_doubted_and_quantized(prepared: Prepared, workers: InlinePool) -> None:
    result = made(vanishing(prepared, "sum", "y"), PLAIN, workers)
    assert ranges_of(result) == {"x": (-4, 8), "sum": (0, 1), "y": (0, 1)}
    assert [(doubt.code, doubt.forbids_pass) for doubt in result.doubts] == [("dead-activation", True)]
    assert result.model.summary.is_integer_only
    assert made(prepared, PLAIN, workers).doubts == []


def test_a_calibration_set_of_zeros_is_refused(prepared: Prepared, workers: InlinePool) -> None:
    with pytest.raises(ModelRejected, match="gives the input x nothing but values near 0") as caught:
        made(vanishing(prepared, "x"), PLAIN, workers)
    assert (caught.value.code, caught.value.where) == ("degenerate", "model.tflite")


@pytest.mark.parametrize(
    ("wanted", "needs_tensorflow", "engine"),
    [
        ("auto", False, "litert"),
        ("auto", True, "tensorflow"),
        ("litert", True, "litert"),
        ("tensorflow", False, "tensorflow"),
    ],
)
def test_the_engine_follows_the_source_unless_it_is_named(wanted: Any, needs_tensorflow: bool, engine: str) -> None:
    recipe = recipe_named(
        "minmax", QuantizationConfig(engine=wanted, output_type="uint8"), needs_tensorflow=needs_tensorflow
    )
    assert (recipe.engine, recipe.types, recipe.name) == (engine, Types(input="int8", output="uint8"), "minmax")


def test_without_rewrites_a_recipe_has_the_range_rule_only() -> None:
    recipe = recipe_named("minmax", QuantizationConfig(rewrite=False), needs_tensorflow=False)
    assert (recipe.transforms, recipe.range_rules) == ((), (minmax,))
