"""The smallest example of each fault that the host's interpreters have, in those interpreters."""

from __future__ import annotations

import numpy as np
import pytest
from tests.differential import only_tflm
from tests.models import Op, Tensor, build_model, graph_of

from quantci.chip.known_bad.scan import LITE_RT, TFLM, scan
from quantci.errors import ModelRejected
from quantci.tflite.lite_rt import open_lite_rt
from quantci.tflite.model import Model
from quantci.tflite.tflm import import_runtime, open_tflm, tflm_available
from quantci.workers.pool import Pool

pytestmark = pytest.mark.skipif(not tflm_available(), reason="TFLM has no wheel for this machine")


def tensor(name: str, count: int = 1, scale: float = 0.1, zero_point: int = 0) -> Tensor:
    return Tensor(name, [1, count], "int8", scale=scale, zero_point=zero_point)


def rules(model: bytes) -> list[str]:
    return [hit.rule for hit in scan(graph_of(model), {**TFLM, **LITE_RT})]


def answers(model: bytes, *given: list[int]) -> tuple[int, int]:
    """The first value that LiteRT's reference kernels and TFLM answer."""
    tensors = [np.array([values], np.int8) for values in given]
    reference, tflm = (
        open_lite_rt(Model(model, "model"), kernels="reference").run(tensors)[0],
        open_tflm(Model(model, "model")).run(tensors)[0],
    )
    return int(reference.ravel()[0]), int(tflm.ravel()[0])


def test_relu6_never_rescales_in_tflm() -> None:
    model = build_model([tensor("x", scale=0.05), tensor("y")], [Op("RELU6", ["x"], ["y"])], ["x"], ["y"])
    assert answers(model, [20]) == (10, 20)
    assert rules(model) == ["relu6-rescale"]


def test_relu6_with_one_scale_on_both_sides_is_right() -> None:
    model = build_model([tensor("x"), tensor("y")], [Op("RELU6", ["x"], ["y"])], ["x"], ["y"])
    assert [answers(model, [value]) for value in (-5, 20, 100)] == [(0, 0), (20, 20), (60, 60)]
    assert rules(model) == []


@pytest.mark.parametrize(("scale", "dies"), [(0.99, False), (1.0, True)])
def test_comparisons_of_large_steps_kill_tflm(scale: float, dies: bool) -> None:
    tensors = [tensor("a", scale=scale), tensor("b", scale=scale), Tensor("y", [1, 1], "bool")]
    model = build_model(tensors, [Op("EQUAL", ["a", "b"], ["y"], version=2)], ["a", "b"], ["y"])
    assert rules(model) == (["comparison-scale"] if dies else [])
    with Pool(1, where="EQUAL") as worker:
        if dies:
            with pytest.raises(ModelRejected, match="SIGABRT"):
                worker.call(only_tflm, model)
        else:
            worker.call(only_tflm, model)


def test_small_quotients_come_out_large() -> None:
    tensors = [tensor("a", scale=1.0), tensor("b", scale=1.0), tensor("y", scale=1.0)]
    model = build_model(tensors, [Op("DIV", ["a", "b"], ["y"], version=2)], ["a", "b"], ["y"])
    assert answers(model, [1], [8]) == (127, 127), "0.125 rounds to 0"
    assert answers(model, [80], [8]) == (10, 10)
    assert rules(model) == ["div-small-quotient"]


def test_from_64_on_every_quotient_is_right() -> None:
    a = np.repeat(np.arange(-128, 128), 255)
    b = np.tile([value for value in range(-128, 128) if value], 256)
    tensors = [tensor("a", a.size, scale=64.0), tensor("b", a.size, scale=1.0), tensor("y", a.size, scale=1.0)]
    model = build_model(tensors, [Op("DIV", ["a", "b"], ["y"], version=2)], ["a", "b"], ["y"])
    found = open_tflm(Model(model, "model")).run([a.astype(np.int8)[np.newaxis], b.astype(np.int8)[np.newaxis]])[0][0]
    assert np.abs(found - np.clip(64 * a / b, -128, 127)).max() <= 1
    assert rules(model) == []


@pytest.mark.parametrize(("given", "expected"), [([-10, -20], (-1, -30)), ([10, 20], (30, 30))])
def test_litert_reference_sums_lose_negative_values(given: list[int], expected: tuple[int, int]) -> None:
    axes = Tensor("axes", data=np.array([1], np.int32))
    tensors = [tensor("x", 2), axes, Tensor("y", [1], "int8", scale=0.1)]
    model = build_model(tensors, [Op("SUM", ["x", "axes"], ["y"], {"keepDims": False}, 2)], ["x"], ["y"])
    assert answers(model, given) == expected
    assert rules(model) == ["reference-sum"]


def svdf(bias: str) -> bytes:
    """One float SVDF of two units; `bias` is empty where it has none."""
    tensors = [
        Tensor("x", [1, 3]),
        Tensor("feature", data=np.ones((2, 3), np.float32)),
        Tensor("time", data=np.ones((2, 4), np.float32)),
        Tensor("bias", data=np.ones(2, np.float32)),
        Tensor("state", [1, 8], is_variable=True),
        Tensor("y", [1, 2]),
    ]
    op = Op("SVDF", ["x", "feature", "time", bias, "state"], ["y"], {"rank": 1})
    return build_model(tensors, [op], ["x"], ["y"])


def unguarded(model: bytes) -> list[float]:
    """TFLM on ones, without the check before it; runs in a worker."""
    interpreter = import_runtime().Interpreter.from_bytes(model, arena_size=1 << 20)
    interpreter.set_input(np.ones((1, 3), np.float32), 0)
    interpreter.invoke()
    found: list[float] = interpreter.get_output(0).ravel().tolist()
    return found


def test_an_svdf_without_a_bias_kills_tflm() -> None:
    assert (rules(svdf("bias")), rules(svdf(""))) == ([], ["svdf-bias"])
    with Pool(1, where="SVDF") as worker:
        assert worker.call(unguarded, svdf("bias")) == [4.0, 4.0]
        with pytest.raises(ModelRejected, match="SIGSEGV"):
            worker.call(unguarded, svdf(""))
