"""Nothing that could crash an interpreter gets through parse(), and whatever it refuses is a ModelRejected."""

from __future__ import annotations

import contextlib
import struct
import tracemalloc
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from hypothesis import given
from hypothesis import strategies as st
from tests.models import Op, Tensor, build_model, build_tree, int8_tree, pack_tree, tiny_float_cnn, tiny_int8_cnn

from quantci.errors import ModelRejected
from quantci.tflite.flatbuffer import check_weights, pack, parse
from quantci.tflite.verify.graph import MAX_OPS

if TYPE_CHECKING:
    from collections.abc import Callable

INT8, FLOAT = tiny_int8_cnn(), tiny_float_cnn(0)


def refusal(model: bytes) -> ModelRejected:
    with pytest.raises(ModelRejected) as caught:
        parse(model, "m.tflite")
    assert caught.value.where == "m.tflite"
    return caught.value


def tensor(model: Any, name: str) -> Any:
    return next(found for found in model.subgraphs[0].tensors if found.name == name.encode())


def op(model: Any, index: int) -> Any:
    return model.subgraphs[0].operators[index]


@pytest.mark.parametrize("model", [INT8, FLOAT])
def test_packing_what_was_parsed_keeps_everything(model: bytes) -> None:
    once = pack(parse(model, ""))
    assert pack(parse(once, "")) == once
    first, second = parse(model, ""), parse(once, "")
    assert [found.name for found in first.subgraphs[0].tensors] == [found.name for found in second.subgraphs[0].tensors]
    for before, after in zip(first.buffers, second.buffers, strict=True):
        assert np.array_equal(before.data, after.data)


def test_packed_weights_start_at_a_multiple_of_16() -> None:
    packed = pack(parse(INT8, ""))
    start = np.frombuffer(packed, np.uint8).ctypes.data
    offsets = [found.data.ctypes.data - start for found in parse(packed, "").buffers if found.data is not None]
    assert offsets
    assert all(offset % 16 == 0 for offset in offsets)


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    with pytest.raises(ModelRejected):
        parse(data[:4] + b"TFL3" + data[4:], "")


@given(st.lists(st.tuples(st.integers(0, len(INT8) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_any_changed_bytes(changes: list[tuple[int, int]]) -> None:
    data = bytearray(INT8)
    for place, value in changes:
        data[place] = value
    with contextlib.suppress(ModelRejected):
        parse(bytes(data), "")


@given(st.integers(0, len(INT8) - 1))
def test_any_truncation(size: int) -> None:
    try:
        parse(INT8[:size], "")
    except ModelRejected:
        return
    # Only padding at the end may go.
    assert not any(INT8[size:])


def test_a_vector_of_four_billion_allocates_nothing() -> None:
    data = bytearray(INT8)
    root = struct.unpack_from("<I", data)[0]
    vtable = root - struct.unpack_from("<i", data, root)[0]
    field = root + struct.unpack_from("<H", data, vtable + 4 + 2 * 4)[0]  # slot 4: buffers
    vector = field + struct.unpack_from("<I", data, field)[0]
    struct.pack_into("<I", data, vector, 0xFFFFFFFF)
    tracemalloc.start()
    try:
        assert "longer than the file" in refusal(bytes(data)).cause
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_one_subgraph_listed_many_times_is_bounded() -> None:
    data = bytearray(FLOAT)
    root = struct.unpack_from("<I", data)[0]
    vtable = root - struct.unpack_from("<i", data, root)[0]
    field = root + struct.unpack_from("<H", data, vtable + 4 + 2 * 2)[0]  # slot 2: subgraphs
    vector = field + struct.unpack_from("<I", data, field)[0]
    graph = vector + 4 + struct.unpack_from("<I", data, vector + 4)[0]
    # The list moves behind the file. Offsets only lead forward: these wrap, and the reader must not follow.
    base, count = len(data) + -len(data) % 4, 100_000
    places = range(base + 4, base + 4 + 4 * count, 4)
    references = struct.pack(f"<{count + 1}I", count, *((graph - place) % 2**32 for place in places))
    struct.pack_into("<I", data, field, base - field)
    assert refusal(bytes(data) + bytes(base - len(data)) + references).code == "malformed"


@pytest.mark.slow
def test_one_subgraph_listed_many_times_forward() -> None:
    tree = int8_tree()
    tree.subgraphs *= 100_000
    packed: list[int] = []
    pack_once = tree.subgraphs[0].Pack

    def share(builder: Any) -> int:
        if not packed:
            packed.append(pack_once(builder))
        return packed[0]

    tree.subgraphs[0].Pack = share
    assert refusal(pack_tree(tree)).code in {"too-large", "malformed"}


DAMAGES: list[tuple[str, Callable[[Any], object], str, str]] = [
    ("version", lambda m: setattr(m, "version", 2), "malformed", "schema version is 2"),
    ("no subgraph", lambda m: setattr(m, "subgraphs", []), "malformed", "no subgraph"),
    ("no inputs", lambda m: setattr(m.subgraphs[0], "inputs", None), "malformed", "no list of tensors"),
    ("op code", lambda m: setattr(op(m, 0), "opcodeIndex", 99), "malformed", "op code"),
    ("input", lambda m: op(m, 0).inputs.__setitem__(0, 999), "malformed", "reads tensor 999"),
    ("absent", lambda m: op(m, 0).inputs.__setitem__(0, -1), "malformed", "lacks its input 0"),
    ("order", lambda m: m.subgraphs[0].operators.reverse(), "malformed", "before anything writes it"),
    ("twice", lambda m: op(m, 1).outputs.__setitem__(0, 3), "malformed", "again"),
    ("buffer", lambda m: setattr(tensor(m, "image"), "buffer", 99), "malformed", "buffer 99"),
    ("size", lambda m: m.buffers[1].__setattr__("data", m.buffers[1].data[1:]), "malformed", "stores 215 bytes"),
    ("negative", lambda m: tensor(m, "image").shape.__setitem__(1, -8), "malformed", "has the shape"),
    ("empty", lambda m: tensor(m, "image").shape.__setitem__(1, 0), "malformed", "no elements"),
    ("huge", lambda m: tensor(m, "image").shape.__setitem__(1, 10**9), "too-large", "100,000,000"),
    ("type", lambda m: setattr(tensor(m, "image"), "type", schema.TensorType.STRING), "unsupported-tensor", "string"),
    ("new type", lambda m: setattr(tensor(m, "image"), "type", 99), "unsupported-tensor", "type 99"),
    ("scale 0", lambda m: tensor(m, "sum").quantization.scale.__setitem__(0, 0), "degenerate", "scale 0"),
    ("scale nan", lambda m: tensor(m, "sum").quantization.scale.__setitem__(0, np.nan), "degenerate", "scale nan"),
    ("axis", lambda m: setattr(tensor(m, "first/weights").quantization, "quantizedDimension", 1), "malformed", "8 sc"),
    ("zero points", lambda m: setattr(tensor(m, "sum").quantization, "zeroPoint", None), "malformed", "0 zero points"),
    ("zero point", lambda m: tensor(m, "sum").quantization.zeroPoint.__setitem__(0, 300), "malformed", "outside of"),
    ("stride", lambda m: setattr(op(m, 0).builtinOptions, "strideW", 0), "malformed", "strideW = 0"),
    ("filter", lambda m: setattr(op(m, 3).builtinOptions, "filterWidth", 0), "malformed", "filterWidth = 0"),
    ("options", lambda m: setattr(op(m, 0), "builtinOptions", None), "malformed", "lacks its options"),
    ("shapes", lambda m: tensor(m, "first").shape.__setitem__(1, 7), "malformed", "do not fit together"),
    ("weights", lambda m: tensor(m, "pool").shape.__setitem__(3, 9), "malformed", "do not fit together"),
    ("output", lambda m: m.subgraphs[0].outputs.__setitem__(0, 99), "malformed", "not among its tensors"),
    ("arity", lambda m: setattr(op(m, 6), "inputs", np.array([13, 13], np.int32)), "malformed", "has 2 inputs"),
    ("outside", lambda m: setattr(m.buffers[1], "offset", 2**40), "malformed", "behind the file's end"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("damage", "code", "cause"), [entry[1:] for entry in DAMAGES], ids=[entry[0] for entry in DAMAGES]
)
def test_each_check(damage: Callable[[Any], object], code: str, cause: str) -> None:
    model = int8_tree()
    damage(model)
    found = refusal(pack_tree(model))
    assert found.code == code
    assert cause in found.cause


def one_op(kind: str, *tensors: Tensor, **options: object) -> bytes:
    """A model of one op: the last tensor is its output, all others are its inputs."""
    names = [entry.name for entry in tensors]
    inputs = [entry.name for entry in tensors[:-1] if entry.data is None]
    return build_model(list(tensors), [Op(kind, names[:-1], names[-1:], options)], inputs, names[-1:])


def test_fake_quant_of_integers() -> None:
    """LiteRT writes floats where the bytes lie."""
    assert parse(one_op("FAKE_QUANT", Tensor("x", [4]), Tensor("y", [4])), "")
    model = one_op("FAKE_QUANT", Tensor("x", [4], "int8", scale=0.1), Tensor("y", [4], "int8", scale=0.1))
    assert "do not fit" in refusal(model).cause


@pytest.mark.parametrize("kind", ["ADD", "SUB"])
def test_sums_abort_without_a_scale_whatever_their_shape(kind: str) -> None:
    scaled = Tensor("a", [1, 4], "int8", scale=0.1, signature=[1, -1])
    result = Tensor("y", [1, 4], "int8", scale=0.1)
    assert parse(one_op(kind, scaled, Tensor("b", [1, 1], "int8", scale=0.1), result), "")
    for other in (Tensor("b", [1, 1], "int8"), Tensor("b", [1, 1], "float32")):
        assert "do not fit" in refusal(one_op(kind, scaled, other, result)).cause


def test_softmax_of_other_types_whatever_its_shape() -> None:
    model = one_op("SOFTMAX", Tensor("x", [1, 4], signature=[1, -1]), Tensor("y", [1, 4], "int8", scale=1 / 256))
    assert "do not fit" in refusal(model).cause


@pytest.mark.parametrize(("beta", "scale", "is_good"), [(1.0, 0.1, True), (0.0, 0.1, False), (1.0, 1e-8, False)])
def test_softmax_aborts_where_its_input_is_all_alike(beta: float, scale: float, *, is_good: bool) -> None:
    model = one_op(
        "SOFTMAX", Tensor("x", [1, 4], "int8", scale=scale), Tensor("y", [1, 4], "int8", scale=1 / 256), beta=beta
    )
    if is_good:
        parse(model, "")
    else:
        assert "do not fit" in refusal(model).cause


@pytest.mark.parametrize(
    ("begin", "end", "masks", "is_good"),
    [(1, 2, 0, True), (0, 0, 1, False), (-3, 2, 0, False)],
)
def test_strided_slice_by_offset(begin: int, end: int, masks: int, *, is_good: bool) -> None:
    """Of four elements two or all; LiteRT knows neither masks nor an end to count from, and reads elsewhere."""
    places = [
        Tensor(name, data=np.array([value], np.int32)) for name, value in zip("bes", (begin, end, 1), strict=True)
    ]
    result = Tensor("y", [4 if masks else 2])
    model = one_op("STRIDED_SLICE", Tensor("x", [4]), *places, result, offset=True, endMask=masks)
    if is_good:
        parse(model, "")
    else:
        assert "do not fit" in refusal(model).cause


def test_activations_of_half_a_byte() -> None:
    found = refusal(one_op("RESHAPE", Tensor("x", [4], "int4", scale=0.1), Tensor("y", [4], "int4", scale=0.1)))
    assert (found.code, "no constant" in found.cause) == ("unsupported-tensor", True)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite(value: float) -> None:
    weights = np.ones((2, 4), np.float32)
    weights[1, 2] = value
    tensors = [Tensor("x", [1, 4]), Tensor("dense/weights", data=weights), Tensor("y", [1, 2])]
    model = parse(build_model(tensors, [Op("FULLY_CONNECTED", ["x", "dense/weights", ""], ["y"])], ["x"], ["y"]), "m")
    with pytest.raises(ModelRejected, match=r"dense/weights.*1 values.*of 8.*nan-weights"):
        check_weights(model, "m")


def test_finite_weights() -> None:
    check_weights(parse(FLOAT, ""), "")


@pytest.mark.parametrize("inputs", [["x", "w"], ["x", "w", ""]])
def test_depthwise_without_bias(inputs: list[str]) -> None:
    weights = Tensor("w", data=np.ones((1, 1, 1, 2), np.float32))
    options = {"strideW": 1, "strideH": 1, "depthMultiplier": 1}
    model = build_model(
        [Tensor("x", [1, 2, 2, 2]), weights, Tensor("y", [1, 2, 2, 2])],
        [Op("DEPTHWISE_CONV_2D", inputs, ["y"], options)],
        ["x"],
        ["y"],
    )
    assert refusal(model).code == "malformed"


def test_packed_int4_constant() -> None:
    tree = int8_tree()
    weights = tensor(tree, "dense/weights")
    weights.type = schema.TensorType.INT4
    tree.buffers[weights.buffer].data = tree.buffers[weights.buffer].data[: 4 * 128 // 2]
    parse(pack_tree(tree), "")


def test_subgraphs_that_call_each_other() -> None:
    ops = [Op("IF", ["c", "x"], ["y"], {"thenSubgraphIndex": 0, "elseSubgraphIndex": 0})]
    tree = build_tree([Tensor("c", [1], "bool"), Tensor("x", [1]), Tensor("y", [1])], ops, ["x"], ["y"])
    tree.subgraphs[0].tensors[0].isVariable = True
    assert "circle" in refusal(pack_tree(tree)).cause


def chain(length: int) -> bytes:
    tensors = [Tensor(f"t{index}", [1, 4]) for index in range(length + 1)]
    ops = [Op("RELU", [f"t{index}"], [f"t{index + 1}"]) for index in range(length)]
    tree = build_tree(tensors, ops, ["t0"], [f"t{length}"])
    for made in tree.subgraphs[0].operators:
        made.opcodeIndex = 0
    tree.operatorCodes = tree.operatorCodes[:1]
    return pack_tree(tree)


def test_ops_are_counted_up_to_the_limit_and_refused_beyond(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_OPS >= 10_000  # a large model of today has 1,000
    monkeypatch.setattr("quantci.tflite.verify.graph.MAX_OPS", 50)
    parse(chain(50), "")
    assert refusal(chain(51)).code == "too-large"
