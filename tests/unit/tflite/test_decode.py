"""The reader gives what the generated decoder gives, which is independent of it."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from hypothesis import given
from hypothesis import strategies as st
from tests.models import build_tree, int8_tree, pack_tree, tiny_float_cnn, tiny_int8_cnn

from quantci.errors import ModelRejected
from quantci.tflite.decode import decode
from quantci.tflite.flatbuffer import parse

INT8 = tiny_int8_cnn()
OPTIONS = {number: name for name, number in vars(schema.BuiltinOptions).items() if number and name[0] != "_"}


def same(a: Any, b: Any) -> bool:
    """Whether two object trees are equal in every field, of whatever type."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if hasattr(a, "__dict__") and type(a) is type(b):
        return vars(a).keys() == vars(b).keys() and all(same(value, vars(b)[name]) for name, value in vars(a).items())
    return type(a) is type(b) and bool(a == b or (a != a and b != b))  # noqa: PLR0124 - NaN


def generated(data: bytes) -> Any:
    return schema.ModelT.InitFromPackedBuf(data, 0)


@pytest.mark.parametrize("model", [INT8, tiny_float_cnn(0)])
def test_the_generated_decoder_agrees(model: bytes) -> None:
    assert same(decode(model), generated(model))


def test_all_that_a_model_may_have() -> None:
    tree = int8_tree()
    entry, signature = schema.TensorMapT(), schema.SignatureDefT()
    entry.name, entry.tensorIndex = b"image", 3
    signature.inputs, signature.outputs, signature.signatureKey, signature.subgraphIndex = [entry], [], b"serving", 2
    metadata, group, external = schema.MetadataT(), schema.ExternalBufferGroupT(), schema.ExternalBufferT()
    metadata.name, metadata.buffer = b"min_runtime_version", 7
    group.name, external.packing, external.offset, external.id = b"weights.bin", b"raw", 2**40, 9
    tree.signatureDefs, tree.metadata = [signature], [metadata]
    tree.externalBufferGroups, tree.externalBuffers = [group], [external]
    tree.metadataBuffer = np.array([1, -2], np.int32)
    tensor, op = tree.subgraphs[0].tensors[1], tree.subgraphs[0].operators[0]
    tensor.quantization.min, tensor.quantization.max = np.array([-0.5], np.float32), np.array([], np.float32)
    tensor.quantization.detailsType = schema.QuantizationDetails.CustomQuantization
    tensor.quantization.details = schema.CustomQuantizationT(custom=np.array([1, 2], np.uint8))
    tensor.shapeSignature = np.array([-1, 3, 3, 3], np.int32)
    tensor.variantTensors = [schema.VariantSubTypeT(shape=np.array([4], np.int32), type=9, hasRank=True)]
    op.customOptions, op.intermediates = np.array([5, 6], np.uint8), np.array([-1, 2], np.int32)
    op.mutatingVariableInputs, op.largeCustomOptionsSize = np.array([True, False]), 2**50
    data = pack_tree(tree)
    assert same(decode(data), generated(data))


@pytest.mark.parametrize("number", OPTIONS, ids=OPTIONS.get)
def test_the_options_of_every_op(number: int) -> None:
    """Each number in them differs from its default, so that none is left out of the file."""
    tree = build_tree([], [], [], [])
    options = getattr(schema, f"{OPTIONS[number]}T")()
    for place, (name, default) in enumerate(vars(options).items()):
        if isinstance(default, bool):
            setattr(options, name, not default)
        elif default is not None:
            setattr(options, name, default + place + 1)
    lists = {
        "numColumnsPerChannel": np.array([1, 2], np.int32),
        "embeddingDimPerChannel": np.array([3], np.int32),
        "quantSpec": np.array([7, 8], np.uint8),
        "newShape": np.array([1, -1], np.int32),
        "squeezeDims": np.array([], np.int32),
        "boundaries": np.array([0.5, 1.5], np.float32),
        "container": b"c",
        "sharedName": b"shared",
    }
    vars(options).update({name: value for name, value in lists.items() if name in vars(options)})
    assert not any(value is None for value in vars(options).values())
    tree.subgraphs[0].operators = [schema.OperatorT(builtinOptionsType=number, builtinOptions=options)]
    data = pack_tree(tree)
    assert same(decode(data), generated(data))


@given(st.lists(st.tuples(st.integers(0, len(INT8) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_what_is_accepted_reads_like_that_everywhere(changes: list[tuple[int, int]]) -> None:
    data = bytearray(INT8)
    for place, value in changes:
        data[place] = value
    with contextlib.suppress(ModelRejected):
        assert same(parse(bytes(data), ""), generated(bytes(data)))
