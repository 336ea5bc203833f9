"""What is said of ONNX models, without what reads them."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from quantci.errors import ModelRejected
from quantci.source.onnx import told
from quantci.source.onnx.explain import explain, usual_replacement
from quantci.source.onnx.graph import check_recurrent, check_runnable, keeps_layout
from quantci.source.onnx.simplify import fixed_shape
from quantci.source.onnx.told import missing_onnx2tf
from quantci.tflite.identify import sniff


@pytest.mark.parametrize("version", [(3, 11), (3, 14)])
def test_on_a_python_without_onnx2tf_one_sentence_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, int]
) -> None:
    monkeypatch.setattr(sys, "version_info", (*version, 0, "final", 0))
    fault = missing_onnx2tf()
    assert fault is not None
    assert fault.code == "missing-extra"
    assert fault.cause == f"Reading an ONNX source needs onnx2tf, which has no release for Python 3.{version[1]}."
    assert fault.remedy.startswith("Use Python 3.12 or 3.13")


@pytest.mark.parametrize("there", [True, False])
def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch, there: bool) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 13, 0, "final", 0))
    monkeypatch.setattr(told, "find_spec", lambda name: object() if there else None)
    fault = missing_onnx2tf()
    assert (fault is None) == there
    assert fault is None or "pip install 'quantci[onnx]'" in fault.remedy


def test_an_operator_is_named_with_its_node_and_what_takes_its_place() -> None:
    text = "flatbuffer_direct validation failed: op=Det node=/head/det reason_code=unsupported message=no lowering."
    fault = explain(NotImplementedError(text), "m.onnx")
    assert (fault.code, fault.where) == ("onnx-operator", "m.onnx")
    assert fault.cause == "The operator Det of the node /head/det cannot be used: no lowering."
    assert explain(MemoryError(), "m.onnx").code == "out-of-memory"
    assert explain(SystemExit(1), "m.onnx").code == "conversion"


@pytest.mark.parametrize(
    ("op", "remedy"),
    [
        ("GRU", "LSTM"),
        ("Erf", "approximate='tanh'"),
        ("Mish", "hard-swish"),
        ("TreeEnsembleClassifier", "perceptron"),
        ("Loop", "without control flow"),
        ("QLinearConv", "float model"),
        ("Foo", "ops that TFLite has"),
    ],
)
def test_the_usual_replacement(op: str, remedy: str) -> None:
    assert remedy in usual_replacement(op)


def test_a_recurrent_layer_that_int8_does_not_survive_is_named() -> None:
    nodes = [SimpleNamespace(op_type="LSTM", name="a"), SimpleNamespace(op_type="GRU", name="/rnn/GRU")]
    check_recurrent(SimpleNamespace(node=nodes[:1]), "m.onnx")
    with pytest.raises(ModelRejected) as caught:
        check_recurrent(SimpleNamespace(node=nodes), "m.onnx")
    assert caught.value.code == "onnx-operator"
    assert "The operator GRU of the node /rnn/GRU" in caught.value.cause
    assert "LSTM" in caught.value.remedy


@pytest.mark.parametrize(
    ("op", "cause", "remedy"),
    [
        ("Erf", "cannot be used: TFLM has no kernel for it, nor for the exact GELU", "approximate='tanh'"),
        ("Gelu", "cannot be used: TFLM has no kernel for it.", "approximate='tanh'"),
        ("Loop", "cannot be used: it is control flow, and on a chip", "without control flow"),
        ("Scan", "cannot be used: it is control flow, and on a chip", "without control flow"),
        ("If", "cannot be used: it is control flow, and on a chip", "without control flow"),
    ],
)
def test_what_would_be_refused_later_by_another_name_is_refused_by_its_node(op: str, cause: str, remedy: str) -> None:
    nodes = [
        SimpleNamespace(op_type="Relu", name="a", output=["b"]),
        SimpleNamespace(op_type=op, name="", output=["y"]),
    ]
    check_runnable(SimpleNamespace(node=nodes[:1]), "m.onnx")
    with pytest.raises(ModelRejected) as caught:
        check_runnable(SimpleNamespace(node=nodes), "m.onnx")
    assert caught.value.code == "onnx-operator"
    assert f"The operator {op} of the node y {cause}" in caught.value.cause
    assert remedy in caught.value.remedy


class Dimension:
    """As protobuf has it: a number, or a name."""

    def __init__(self, size: int | str) -> None:
        self.dim_value = size if isinstance(size, int) else 0
        self.dim_param = size if isinstance(size, str) else ""

    def HasField(self, name: str) -> bool:  # noqa: N802
        return name == ("dim_param" if self.dim_param else "dim_value")


def graph(shape: list[int | str], *nodes: tuple[str, str, str]) -> Any:
    """A graph of one input `x`; nodes as (op, input, output)."""
    kind = SimpleNamespace(tensor_type=SimpleNamespace(shape=SimpleNamespace(dim=[Dimension(size) for size in shape])))
    return SimpleNamespace(
        initializer=[SimpleNamespace(name="w")],
        input=[SimpleNamespace(name="x", type=kind), SimpleNamespace(name="w")],  # old exporters list weights too
        node=[SimpleNamespace(op_type=op, input=[taken, "w"], output=[given]) for op, taken, given in nodes],
    )


@pytest.mark.parametrize(
    ("shape", "wanted", "expected"),
    [
        ([1, 3, 8, 8], (), [1, 3, 8, 8]),
        (["N", 3, 8, 8], (), [1, 3, 8, 8]),
        ([0, 10], (), [1, 10]),
        (["N", 3, "h", "w"], (1, 3, 4, 6), [1, 3, 4, 6]),
        ([], (1, 5), [1, 5]),
        ([4, 3], (1, 3), [1, 3]),
    ],
)
def test_a_batch_is_1_and_other_sizes_are_those_given(
    shape: list[int | str], wanted: tuple[int, ...], expected: list[int]
) -> None:
    assert fixed_shape(graph(shape), wanted, "m.onnx") == expected


@pytest.mark.parametrize(
    ("shape", "wanted", "said"),
    [
        (["N", 3, "h", 8], (), r"\[N, 3, h, 8\].*model\.input_shape = \[1, 3, \.\.\., 8\]"),
        ([4, 3], (), r"\[4, 3\].*model\.input_shape = \[1, 3\]"),
        ([], (), "not a batch of 1"),
        (["N", 3], (1, 4), r"model\.input_shape is \[1, 4\], but the input x is \[N, 3\]"),
        (["N", 3], (1, 3, 1), "but the input x"),
    ],
)
def test_a_shape_that_stays_open_is_refused(shape: list[int | str], wanted: tuple[int, ...], said: str) -> None:
    with pytest.raises(ModelRejected, match=said) as caught:
        fixed_shape(graph(shape), wanted, "m.onnx")
    assert caught.value.code == "dynamic-shape"


def test_only_what_goes_into_convolutions_has_channels_first() -> None:
    assert not keeps_layout(graph([1, 3, 8, 8], ("Sub", "x", "a"), ("Conv", "a", "b")))
    assert keeps_layout(graph([1, 8, 8, 3], ("Transpose", "x", "a"), ("Conv", "a", "b")))
    assert keeps_layout(graph([1, 10, 4], ("LSTM", "x", "a")))


def test_an_onnx_file_is_known_by_its_first_bytes() -> None:
    assert sniff(b"\x08\x08\x12\x07pytorch\x1a\x052.9.0:") == "onnx"
    assert sniff(b"\x08\x01\x12\x80\x10") == "saved-model-graph"
