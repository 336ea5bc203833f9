"""A model that remembers (SVDF here) sees each sample as the first: order, batches and cores change nothing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.models import Op, Tensor, build_model

from quantci.quantize.calibrate import calibrate, hull
from quantci.tflite.lite_rt import open_lite_rt
from quantci.tflite.model import Model
from quantci.tflite.tflm import open_tflm, tflm_available

UNITS, FEATURES, MEMORY = 4, 3, 5


def svdf() -> bytes:
    """One float SVDF layer, whose state is a variable tensor."""
    random = np.random.RandomState(0)
    tensors = [
        Tensor("x", [1, FEATURES]),
        Tensor("feature", data=random.normal(size=(UNITS, FEATURES)).astype(np.float32)),
        Tensor("time", data=random.normal(size=(UNITS, MEMORY)).astype(np.float32)),
        Tensor("bias", data=np.zeros(UNITS, np.float32)),
        Tensor("state", [1, UNITS * MEMORY], is_variable=True),
        Tensor("y", [1, UNITS]),
    ]
    op = Op("SVDF", ["x", "feature", "time", "bias", "state"], ["y"], {"rank": 1})
    return build_model(tensors, [op], ["x"], ["y"])


def integer_svdf() -> Model:
    """One SVDF with a state of 8 bits, as in TFLM's own keyword_scrambled_8bit.tflite; every scale is 1."""
    tensors = [
        Tensor("x", [1, FEATURES], "int8", scale=1.0),
        Tensor("feature", data=np.ones((UNITS, FEATURES), np.int8), scale=1.0),
        Tensor("time", data=np.ones((UNITS, MEMORY), np.int8), scale=1.0),
        Tensor("bias", data=np.zeros(UNITS, np.int32), scale=1.0),
        Tensor("state", [1, UNITS * MEMORY], "int8", scale=1.0, is_variable=True),
        Tensor("y", [1, UNITS], "int8", scale=1.0),
    ]
    op = Op("SVDF", ["x", "feature", "time", "bias", "state"], ["y"], {"rank": 1, "fusedActivationFunction": 1})
    return Model(build_model(tensors, [op], ["x"], ["y"]), "model")


SAMPLES = [np.full((1, FEATURES), value, np.float32) for value in (1.0, -2.0, 3.0, 0.5)]


@pytest.mark.parametrize("interpreter", ["lite_rt", "tflm"])
def test_an_answer_does_not_depend_on_what_came_before(interpreter: str) -> None:
    if interpreter == "tflm" and not tflm_available():
        pytest.skip("TFLM has no wheel here")
    runner = open_tflm(Model(svdf(), "model")) if interpreter == "tflm" else open_lite_rt(Model(svdf(), "model"))
    first = runner.run([SAMPLES[0]])[0]
    runner.run([SAMPLES[1]])
    np.testing.assert_array_equal(runner.run([SAMPLES[0]])[0], first)


@pytest.mark.skipif(not tflm_available(), reason="TFLM has no wheel here")
def test_tflm_keeps_a_state_of_8_bits_which_lite_rt_does_not_read() -> None:
    # Three features of one value, weights of 1: their sum, and each sample is the first. Its kernel has no RELU.
    runner = open_tflm(integer_svdf())
    for value in (10, -10, 10):
        assert runner.run([np.full((1, FEATURES), value, np.int8)])[0].tolist() == [[3 * value] * UNITS]


def test_ranges_do_not_depend_on_how_samples_are_shared_out() -> None:
    whole = calibrate(Model(svdf(), ""), SAMPLES)
    assert hull([calibrate(Model(svdf(), ""), SAMPLES[:1]), calibrate(Model(svdf(), ""), SAMPLES[1:])]) == whole
    assert calibrate(Model(svdf(), ""), SAMPLES[::-1]) == whole
    alone = [open_lite_rt(Model(svdf(), "model")).run([sample])[0] for sample in SAMPLES]
    output = next(entry for entry in whole if entry.name == "y")
    # The calibrator widens a range to hold zero; these answers lie on both sides of it.
    assert (output.min, output.max) == pytest.approx((np.min(alone), np.max(alone)))


def accumulator() -> Model:
    """Adds its input to a resource variable, and gives the sum; every scale is 1."""
    values = [Tensor(name, [1, 2], "int8", scale=1.0) for name in ("x", "before", "y")]
    ops = [
        Op("VAR_HANDLE", [], ["handle"], {"container": b"", "sharedName": b"sum"}),
        Op("READ_VARIABLE", ["handle"], ["before"]),
        Op("ADD", ["before", "x"], ["y"]),
        Op("ASSIGN_VARIABLE", ["handle", "y"], []),
    ]
    return Model(build_model([*values, Tensor("handle", [1], "resource")], ops, ["x"], ["y"]), "model")


VECTORS = Path(__file__).parents[1] / "data" / "stateful.json"


def vectors() -> str:
    """A model with a state, inputs, and what the wheel gives for each of them alone; the firmware's tests read it."""
    model, random = integer_svdf(), np.random.RandomState(1)
    inputs = [random.randint(-9, 10, (1, FEATURES)).astype(np.int8) for _ in range(4)]
    outputs = [open_tflm(model).run([given])[0] for given in inputs]
    given = np.array([[3, -1]], np.int8)
    runner = open_tflm(accumulator())
    told = {
        "model": model.data.hex(),
        "inputs": [given.tobytes().hex() for given in inputs],
        "outputs": [made.tobytes().hex() for made in outputs],
        # One input again and again: what is in a resource variable stays.
        "variable": {
            "model": accumulator().data.hex(),
            "input": given.tobytes().hex(),
            "outputs": [runner.run([given])[0].tobytes().hex() for _ in range(3)],
        },
    }
    return json.dumps(told, indent=1) + "\n"


@pytest.mark.skipif(not tflm_available(), reason="TFLM has no wheel here")
def test_the_firmware_s_vectors_are_what_the_wheel_gives() -> None:
    """And a second inference with a state that was not reset would give something else."""
    assert VECTORS.read_text() == vectors()
    told = json.loads(VECTORS.read_text())
    runner = open_tflm(integer_svdf())
    given = np.frombuffer(bytes.fromhex(told["inputs"][0]), np.int8).reshape(1, FEATURES)
    interpreter = runner._interpreter  # type: ignore[attr-defined]
    for _ in range(2):
        interpreter.set_input(given, 0)
        interpreter.invoke()
    assert interpreter.get_output(0).tobytes().hex() != told["outputs"][0]
    assert told["variable"]["outputs"] == ["03ff", "06fe", "09fd"]
