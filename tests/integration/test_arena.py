"""The simulated arena against TFLM itself: what the wheel records, and the smallest arena that it allocates in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import pytest
from tests.float_ops import MODELS as FLOAT_MODELS
from tests.float_ops import SHAPE
from tests.models import float_model_of_bytes, graph_of, tiny_autoencoder, tiny_float_cnn, tiny_int8_cnn
from tests.random_models import random_model
from tests.unit.embed.sample import int8_model

from quantci.chip.arena.kernel_memory import KERNELS, kernel_of
from quantci.chip.arena.simulate import Simulation, simulate
from quantci.errors import ModelRejected
from quantci.quantize.calibrate import calibrate, with_ranges
from quantci.quantize.engine import quantize_with_litert
from quantci.quantize.recipe import Types
from quantci.quantize.same_range import same_range
from quantci.quantize.step import Statistics
from quantci.tflite.model import Model
from quantci.tflite.native_stderr import native_stderr
from quantci.tflite.tflm import _TflmRunner, open_tflm, tflm_available
from quantci.tflite.tflm_types import TYPES
from quantci.workers.pool import Pool

pytestmark = pytest.mark.skipif(not tflm_available(), reason="TFLM has no wheel for this machine")

MODELS = 212  # as many as it takes to meet every op


class Recorded(NamedTuple):
    """Bytes, as TFLM's recording allocator prints them."""

    total: int
    head: int
    tail: int


def recorded(model: bytes) -> Recorded:
    """Runs in a worker."""
    runner = _TflmRunner(Model(model, "model"), None)
    with native_stderr() as printed:
        runner._interpreter.print_allocations()
    return Recorded(*(int(number) for number in re.findall(r"Arena allocation \w+ (\d+) bytes", printed.text)))


def fits(model: bytes, arena_bytes: int) -> bool:
    """Runs in a worker: an arena that is too small may kill TFLM."""
    try:
        open_tflm(Model(model, "model"), arena_bytes)
    except ModelRejected as error:
        if error.code == "arena":
            return False
        raise
    return True


def on_the_host(model: bytes) -> Simulation:
    return simulate(graph_of(model), "host")


@pytest.fixture(scope="module")
def worker() -> Iterator[Pool]:
    with Pool(1, where="model") as pool:
        yield pool


@pytest.mark.parametrize(
    "model",
    [tiny_int8_cnn(), int8_model(), tiny_float_cnn(1), tiny_autoencoder(2)],
    ids=["int8 cnn", "int8 sample", "float cnn", "float autoencoder"],
)
def test_the_models_of_the_tests(worker: Pool, model: bytes) -> None:
    found = on_the_host(model)
    assert worker.call(recorded, model) == Recorded(found.used, found.head, found.tail)


def test_random_models_of_all_ops_in_the_table_to_the_byte(
    worker: Pool, record_property: Callable[[str, object], None]
) -> None:
    models = [random_model(seed) for seed in range(MODELS)]
    simulated = [on_the_host(model) for model in models]
    real = [worker.result(future) for future in [worker.submit(recorded, model) for model in models]]
    differences = {
        what: [getattr(mine, name) - getattr(theirs, what) for mine, theirs in zip(simulated, real, strict=True)]
        for what, name in (("total", "used"), ("head", "head"), ("tail", "tail"))
    }
    largest = {what: max(map(abs, values)) for what, values in differences.items()}
    record_property(f"largest difference in bytes over {MODELS} models", str(largest))
    assert largest == {"total": 0, "head": 0, "tail": 0}
    met = {op.name for model in models for op in graph_of(model).ops}
    assert met == set(KERNELS), "every op of the table is met"


def wide_models() -> list[bytes]:
    """Random models of 16-bit activations, of those whose ops TFLM has in that type."""
    models = [random_model(seed, is_wide=True) for seed in range(MODELS)]
    return [model for model in models if all(kernel_of(op) is not None for op in graph_of(model).ops)]


def test_random_models_of_16_bit_activations_to_the_byte(worker: Pool) -> None:
    models = wide_models()
    assert len(models) > MODELS // 2
    simulated = [on_the_host(model) for model in models]
    real = [worker.result(future) for future in [worker.submit(recorded, model) for model in models]]
    for mine, theirs in zip(simulated, real, strict=True):
        assert theirs == Recorded(mine.used, mine.head, mine.tail)
    met = {op.name for model in models for op in graph_of(model).ops}
    assert met == {name for name in KERNELS if "int16" in TYPES[name].split()} | {"QUANTIZE"}


@pytest.mark.parametrize(
    "name", ["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV", "SOFTMAX", "MEAN"]
)
def test_models_of_the_recipe_int16x8_to_the_byte(worker: Pool, name: str) -> None:
    samples = [np.random.RandomState(seed).normal(0, 2, SHAPE).astype(np.float32) for seed in range(4)]
    float_model = Model(FLOAT_MODELS[name], name)
    ranges = same_range(Statistics(float_model, worker.call(calibrate, float_model, samples))).ranges
    made = worker.call(quantize_with_litert, with_ranges(float_model, ranges), Types("int16", "int16", "int16"))
    found = on_the_host(made)
    assert Model(made, name).summary.quantized_type == "INT16x8"
    assert worker.call(recorded, made) == Recorded(found.used, found.head, found.tail)


def test_the_smallest_arena_is_the_smallest(worker: Pool) -> None:
    above = 0
    for seed in range(60):
        model = random_model(seed)
        found = on_the_host(model)
        assert worker.call(fits, model, found.minimum), f"seed {seed}: {found.minimum} bytes are too few"
        assert not worker.call(fits, model, found.minimum - 16), f"seed {seed}: {found.minimum - 16} bytes are enough"
        above += found.minimum > found.used + 15
    assert above > 5, "in some models it is the work of planning that decides"
    for model in wide_models()[:10]:
        found = on_the_host(model)
        assert worker.call(fits, model, found.minimum)
        assert not worker.call(fits, model, found.minimum - 16)


def test_a_float_op_outside_of_the_table_is_known_to_be() -> None:
    with pytest.raises(KeyError, match="CAST"):
        on_the_host(float_model_of_bytes())
