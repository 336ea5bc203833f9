"""LiteRT and TFLM behind one interface, with the real interpreters."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from tests.models import Op, Tensor, build_model, tiny_autoencoder, tiny_float_cnn, tiny_int8_cnn
from tests.typed_ops import BUILDERS, runs
from tests.typed_ops import TYPES as TRIED_IN_ORDER

from quantci.errors import ModelRejected
from quantci.evaluate.steps import interpreter_names
from quantci.tflite.flatbuffer import pack, parse
from quantci.tflite.lite_rt import open_lite_rt
from quantci.tflite.model import Model
from quantci.tflite.native_stderr import native_stderr
from quantci.tflite.runner import Runner
from quantci.tflite.tflm import open_tflm, tflm_arena_bytes, tflm_available
from quantci.tflite.tflm_ops import RESOLVER_METHODS
from quantci.tflite.tflm_types import TYPES
from quantci.workers.pool import Pool

pytestmark = pytest.mark.skipif(not tflm_available(), reason="TFLM has no wheel for this machine")

OPENERS: list[Callable[[Model], Runner]] = [open_lite_rt, partial(open_lite_rt, kernels="reference"), open_tflm]
IDS = ["lite_rt", "lite_rt_reference", "tflm"]


def fill(runner: Runner, seed: int) -> list[np.ndarray[Any, Any]]:
    random = np.random.RandomState(seed)
    return [random.randint(-100, 100, spec.shape).astype(spec.dtype) for spec in runner.inputs]


@pytest.mark.parametrize("model", [tiny_float_cnn(1), tiny_autoencoder(2)], ids=["cnn", "autoencoder"])
def test_float_outputs_agree(model: bytes) -> None:
    runners = [opener(Model(model, "model")) for opener in OPENERS]
    for seed in range(3):
        outputs = [runner.run(fill(runner, seed))[0] for runner in runners]
        assert np.allclose(outputs[0], outputs[1], rtol=1e-4, atol=1e-3)
        assert np.allclose(outputs[1], outputs[2], rtol=1e-4, atol=1e-3)


def test_int8_outputs_agree() -> None:
    model = Model(tiny_int8_cnn(), "model")
    runners = [opener(model) for opener in OPENERS]
    for seed in range(5):
        outputs = [runner.run(fill(runner, seed))[0].astype(int) for runner in runners]
        assert abs(outputs[1] - outputs[2]).max() <= 3
        assert abs(outputs[0] - outputs[2]).max() <= 8


def test_packing_changes_no_output() -> None:
    model = Model(tiny_int8_cnn(), "model")
    for opener in OPENERS:
        first, second = opener(model), opener(model.changed(model.tree))
        assert np.array_equal(first.run(fill(first, 0))[0], second.run(fill(second, 0))[0])


@pytest.mark.parametrize("opener", OPENERS, ids=IDS)
def test_specs_and_time(opener: Callable[[Model], Runner]) -> None:
    runner = opener(Model(tiny_int8_cnn(), "model"))
    port = runner.inputs[0]
    assert (port.name, port.shape, port.dtype, port.zero_point) == ("image", (1, 8, 8, 3), "int8", -5)
    assert port.scale == float(np.float32(0.05))
    assert runner.outputs[0].zero_point == -128
    assert runner.invoke_us() == 0
    runner.run(fill(runner, 0))
    assert 0 < runner.invoke_us() < 1e6
    assert runner.name.startswith(("LiteRT 2", "TFLM 0."))


def test_the_steps_are_named_after_their_interpreters() -> None:
    model = Model(tiny_int8_cnn(), "model")
    names = {
        "float": open_lite_rt(model).name,
        "int8-litert": open_lite_rt(model).name,
        "int8-oracle": "",
    }
    assert interpreter_names("tflm", has_float=True) == names | {"int8-oracle": open_tflm(model).name}
    reference = open_lite_rt(model, kernels="reference").name
    assert interpreter_names("litert-reference", has_float=True) == names | {"int8-oracle": reference}


@pytest.mark.parametrize("opener", OPENERS, ids=IDS)
def test_outputs_are_copies_and_inputs_are_loaded_each_time(opener: Callable[[Model], Runner]) -> None:
    runner = opener(Model(tiny_int8_cnn(), "model"))
    given = fill(runner, 0)
    first = runner.run(given)[0]
    kept = first.copy()
    runner.run(fill(runner, 1))
    assert np.array_equal(first, kept)
    assert np.array_equal(runner.run(given)[0], kept)


@pytest.mark.parametrize("opener", OPENERS, ids=IDS)
def test_nothing_is_converted_silently(opener: Callable[[Model], Runner]) -> None:
    runner = opener(Model(tiny_int8_cnn(), "model"))
    with pytest.raises(ValueError, match=r"image takes int8 \[1, 8, 8, 3\], not float32"):
        runner.run([np.zeros((1, 8, 8, 3), np.float32)])
    with pytest.raises(ValueError, match=r"not int8 \[8, 8, 3\]"):
        runner.run([np.zeros((8, 8, 3), np.int8)])


@pytest.mark.parametrize("opener", OPENERS, ids=IDS)
def test_two_inputs_and_two_outputs(opener: Callable[[Model], Runner]) -> None:
    tensors = [Tensor(name, [1, 3]) for name in "abcd"]
    ops = [Op("ADD", ["a", "b"], ["c"]), Op("SUB", ["a", "b"], ["d"])]
    runner = opener(Model(build_model(tensors, ops, ["a", "b"], ["d", "c"]), "model"))
    left, right = np.array([[1, 2, 3]], np.float32), np.array([[10, 20, 30]], np.float32)
    difference, total = runner.run([left, right])
    assert difference.tolist() == [[-9, -18, -27]]
    assert total.tolist() == [[11, 22, 33]]
    with pytest.raises(ValueError, match="shorter"):
        runner.run([left])


def test_arena() -> None:
    model = tiny_int8_cnn()
    needed = tflm_arena_bytes(Model(model, "model"))
    assert 2_000 < needed < 10_000
    assert tflm_arena_bytes(Model(model, "model")) == needed
    with pytest.raises(ModelRejected, match=r"does not fit into a tensor arena of 2,048 bytes.*\[arena\]"):
        open_tflm(Model(model, "model"), arena_bytes=2048)


def test_refusals_quote_the_interpreter() -> None:
    tensors = [Tensor("x", [1, 4], "int8", scale=0.1), Tensor("y", [1, 4], "int8", scale=0.1)]
    with pytest.raises(ModelRejected, match=r"no kernel for GELU.*\[unsupported-op\]"):
        open_tflm(Model(build_model(tensors, [Op("GELU", ["x"], ["y"])], ["x"], ["y"]), "model"))
    mixed = [Tensor("x", [1, 4]), Tensor("w", data=np.ones((2, 4), np.int8), scale=0.1), Tensor("y", [1, 2])]
    with pytest.raises(ModelRejected, match=r"filter type: INT8 not supported; Node FULLY_CONNECTED.*\[tflm-refused\]"):
        open_tflm(Model(build_model(mixed, [Op("FULLY_CONNECTED", ["x", "w", ""], ["y"])], ["x"], ["y"]), "model"))
    with pytest.raises(ModelRejected, match=r"MyOp.*\[lite-rt-refused\]"):
        open_lite_rt(Model(build_model(tensors, [Op("MyOp", ["x"], ["y"])], ["x"], ["y"]), "model"))


def test_tflm_is_not_asked_what_it_crashes_on() -> None:
    open_model = build_model(
        [Tensor("x", [1, 4], signature=[1, -1]), Tensor("y", [1, 4])], [Op("RELU", ["x"], ["y"])], ["x"], ["y"]
    )
    with pytest.raises(ModelRejected, match=r"tensor 0 \(x\) is not fixed.*\[dynamic-shape\]"):
        open_tflm(Model(open_model, "model"))
    for dtype in ("uint16", "bfloat16"):
        tree = parse(build_model([Tensor("x", [4]), Tensor("y", [4])], [Op("RESHAPE", ["x"], ["y"])], ["x"], ["y"]), "")
        for tensor in tree.subgraphs[0].tensors:
            tensor.type = getattr(schema.TensorType, dtype.upper())
        with pytest.raises(ModelRejected, match=rf"is {dtype}.*\[tflm-refused\]"):
            open_tflm(Model(pack(tree), "model"))


@pytest.mark.parametrize("opener", OPENERS, ids=IDS)
def test_scalars(opener: Callable[[Model], Runner]) -> None:
    runner = opener(Model(build_model([Tensor("x"), Tensor("y")], [Op("RELU", ["x"], ["y"])], ["x"], ["y"]), "model"))
    assert runner.run([np.full((), 3, np.float32)])[0].item() == 3


def test_nothing_reaches_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    tflm_arena_bytes(Model(tiny_int8_cnn(), "model"))
    open_lite_rt(Model(tiny_float_cnn(0), "model"))
    assert capfd.readouterr() == ("", "")


def test_native_stderr_gives_the_descriptor_back(capfd: pytest.CaptureFixture[str]) -> None:
    with native_stderr() as printed:
        os.write(2, b"caught.\nand why\n")
    assert printed.reason("") == "caught; and why."
    os.write(2, b"seen\n")
    assert capfd.readouterr().err == "seen\n"


def test_the_wheel_has_the_ops_of_the_table_and_no_others() -> None:
    skipped = {"CUSTOM", "DELEGATE", "PLACEHOLDER_FOR_GREATER_OP_CODES"}
    found = {op for op in vars(schema.BuiltinOperator) if not op.startswith("_") and op not in skipped and is_found(op)}
    assert found == set(RESOLVER_METHODS)


def is_found(op: str) -> bool:
    """Whether TFLM finds the op. The one behind it is nobody's, so that TFLM stops before it prepares anything."""
    from tflite_micro.python.tflite_micro import _runtime

    tensors = [Tensor(name, [1, 4], "int8", scale=0.1) for name in "xyz"]
    model = build_model(tensors, [Op(op, ["x"], ["y"]), Op("Nobody's", ["y"], ["z"])], ["x"], ["z"])
    with native_stderr() as printed, pytest.raises(RuntimeError):
        _runtime.InterpreterWrapper(model, [], 1 << 20, 0, _runtime.PythonInterpreterConfig.kAllocationRecording, 0)
    return f"Didn't find op for builtin opcode '{op}'" not in printed.text


@pytest.mark.slow
def test_the_wheel_has_kernels_for_the_types_of_the_table_and_no_others() -> None:
    with Pool(1, where="one op") as worker:  # none of these aborts: a crash would end this test
        found = {op: " ".join(t for t in TRIED_IN_ORDER if worker.call(runs, op, t)) for op in sorted(BUILDERS)}
    assert found == dict(TYPES)


@pytest.mark.parametrize("version", [1, 99])
def test_tflm_never_looks_at_the_version_of_an_op(version: int) -> None:
    tensors = [Tensor("x", [1, 4], "int8", scale=0.1), Tensor("y", [1, 4], "int8", scale=0.1)]
    runner = open_tflm(Model(build_model(tensors, [Op("RELU", ["x"], ["y"], version=version)], ["x"], ["y"]), "model"))
    assert runner.run([np.array([[-1, 0, 1, 2]], np.int8)])[0].tolist() == [[0, 0, 1, 2]]
