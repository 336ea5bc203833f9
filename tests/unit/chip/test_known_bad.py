"""Each rule fires on the smallest model that has its fault, and not on the one beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.models import SAME, VALID, WINDOW, Op, Tensor, build_model, build_tree, graph_of, pack_tree, tiny_int8_cnn

from quantci.chip.datasheet import load_chip
from quantci.chip.esp_nn.conditions import clamps
from quantci.chip.esp_nn.dispatch import choose
from quantci.chip.esp_nn.version import EXAMINED
from quantci.chip.known_bad.release import choose_release
from quantci.chip.known_bad.scan import LITE_RT, TFLM, advise, libraries, scan_host, worst_first
from quantci.chip.known_bad.scan import scan as scan_graph
from quantci.chip.known_bad.table import RULES
from quantci.chip.op import Op as View
from quantci.chip.op import Tensor as TensorView
from quantci.chip.window import Slide
from quantci.records.kernels import Evidence, KernelHit, Severity
from quantci.records.target_config import TargetConfig

Shape = tuple[int, ...]
TYPES = ("int8", "int4")  # of weights
EVERYTHING = {**TFLM, **LITE_RT, **libraries(load_chip("esp32s3"))}


def int8(*shape: int) -> tuple[str, Shape]:
    return "int8", shape


def scan(model: bytes, versions: Mapping[str, str], names: Sequence[str] = ()) -> list[KernelHit]:
    return scan_graph(graph_of(model, names), versions)


def tensor(name: str, *shape: int, scale: float = 0.05, zero_point: int = 0) -> Tensor:
    return Tensor(name, [*shape], "int8", scale=scale, zero_point=zero_point)


def one_op(op: str, inputs: list[Tensor], y: Tensor, options: dict[str, Any] | None = None) -> bytes:
    names = [x.name for x in inputs]
    given = [x.name for x in inputs if x.data is None]
    return build_model([*inputs, y], [Op(op, names, [y.name], options or {})], given, [y.name])


def convolution(op: str, size: tuple[int, int], channels: int, taps: tuple[int, int], **options: Any) -> bytes:
    """SAME with stride 2, from [1, height, width, channels], `taps` as (height, width), to as many channels."""
    zero_point = options.pop("zero_point", 0)
    stride = options.get("strideW", 2)
    shape = [1, *taps, channels] if op == "DEPTHWISE_CONV_2D" else [channels, *taps, channels]
    weights = Tensor("w", data=np.ones(shape, np.int8), scale=0.01)
    bias = Tensor("b", data=np.zeros(channels, np.int32), scale=0.0005)
    if options.get("padding", SAME) == SAME:
        output = [1, *(-(-length // stride) for length in size), channels]
    else:
        output = [1, *((length - tap) // stride + 1 for length, tap in zip(size, taps, strict=True)), channels]
    chosen = {**WINDOW, "padding": SAME, "strideW": stride, "strideH": stride, **options}
    if op == "DEPTHWISE_CONV_2D":
        chosen["depthMultiplier"] = 1
    return one_op(
        op, [tensor("x", 1, *size, channels, zero_point=zero_point), weights, bias], tensor("y", *output), chosen
    )


def rules(model: bytes, **versions: str) -> set[str]:
    chosen = {**EVERYTHING, **{name.replace("_", "-"): version for name, version in versions.items()}}
    return {hit.rule for hit in scan(model, chosen)}


@pytest.mark.parametrize(
    ("scale", "zero_point", "expected"),
    [(0.05, 0, set()), (0.1, 0, {"relu6-rescale"}), (0.05, -128, {"relu6-rescale"})],
)
def test_relu6_that_rescales(scale: float, zero_point: int, expected: set[str]) -> None:
    y = tensor("y", 1, scale=scale, zero_point=zero_point)
    assert rules(one_op("RELU6", [tensor("x", 1)], y)) == expected
    assert rules(one_op("RELU", [tensor("x", 1)], y)) == set()


def test_comparison_of_large_steps() -> None:
    small, large = tensor("a", 1, scale=0.99), tensor("b", 1, scale=1.0)
    y = Tensor("y", [1], "bool")
    assert rules(one_op("EQUAL", [small, tensor("b", 1)], y)) == set()
    assert rules(one_op("EQUAL", [small, large], y)) == {"comparison-scale"}


def test_division_of_small_quotients() -> None:
    def divide(scale: float) -> bytes:
        return one_op("DIV", [tensor("a", 1, scale=scale), tensor("b", 1, scale=1.0)], tensor("y", 1, scale=1.0))

    assert rules(divide(63.0)) == {"div-small-quotient"}
    assert rules(divide(64.0)) == set()


@pytest.mark.parametrize(("bias", "expected"), [("bias", set()), ("", {"svdf-bias"})])
def test_an_svdf_without_a_bias(bias: str, expected: set[str]) -> None:
    tensors = [
        Tensor("x", [1, 3]),
        Tensor("feature", data=np.ones((2, 3), np.float32)),
        Tensor("time", data=np.ones((2, 4), np.float32)),
        Tensor("bias", data=np.ones(2, np.float32)),
        Tensor("state", [1, 8], is_variable=True),
        Tensor("y", [1, 2]),
    ]
    op = Op("SVDF", ["x", "feature", "time", bias, "state"], ["y"], {"rank": 1})
    assert rules(build_model(tensors, [op], ["x"], ["y"])) == expected


def test_litert_only_faults_are_looked_for_where_litert_judges() -> None:
    axes = Tensor("axes", data=np.array([1], np.int32))
    model = one_op("SUM", [tensor("x", 1, 2, zero_point=20), axes], tensor("y", 1))
    assert rules(model) == {"reference-sum"}
    graph = graph_of(model)
    assert scan(model, TFLM) == scan_host(graph, "tflm") == []
    assert scan_host(graph, "litert-reference") != []
    squares = one_op(
        "SQUARED_DIFFERENCE", [tensor("a", 1, scale=2.5), tensor("b", 1, scale=2.5)], tensor("y", 1, scale=1e-4)
    )
    assert rules(squares) == {"reference-squared-difference"}


# esp-nn 1.2.3 pads on all sides alike as soon as it pads on the left or on top. 5x5, stride 2, 8x8: 1 before, 2 behind.
@pytest.mark.parametrize(
    ("size", "channels", "taps", "old", "new"),
    [
        ((8, 8), 16, (5, 5), True, True),
        ((8, 9), 16, (3, 3), True, True),  # one axis even (0 before, 1 behind), the other odd (1 and 1)
        ((8, 8), 16, (3, 3), True, False),  # nothing before: right since 1.2.1
        ((9, 9), 16, (3, 3), False, False),  # 1 and 1
        ((8, 9), 3, (3, 3), True, False),  # 9 values in a row of the filter: another path, which is right
        ((8, 8), 16, (1, 1), False, False),
    ],
)
def test_convolution_that_pads_more_behind(
    size: tuple[int, int], channels: int, taps: tuple[int, int], old: bool, new: bool
) -> None:
    model = convolution("CONV_2D", size, channels, taps)
    assert rules(model, esp_nn="1.1.2") == ({"conv-same-padding"} if old else set())
    assert rules(model, esp_nn="1.2.3") == ({"conv-same-padding-both"} if new else set())
    assert rules(model, esp_nn="1.5.0") == set(), "a version that nobody looked at is not accused"


def test_dilated_and_valid_convolutions_are_not_esp_nns() -> None:
    assert rules(convolution("CONV_2D", (8, 8), 16, (5, 5), dilationWFactor=2, strideW=1), esp_nn="1.1.2") == set()
    assert rules(convolution("CONV_2D", (8, 8), 16, (5, 5), padding=VALID), esp_nn="1.1.2") == set()


@pytest.mark.parametrize(
    ("size", "channels", "taps", "zero_point", "expected"),
    [
        ((8, 9), 16, (3, 3), 0, {"depthwise-scratch"}),  # 0 above, 1 left
        ((9, 9), 16, (3, 3), 0, set()),  # 1 and 1
        ((8, 9), 8, (3, 3), 0, set()),  # eight channels take another path
        ((48, 48), 16, (3, 3), 0, set()),  # padded: 50 * 50 * 16 = 40,000 of 40,960 bytes
        ((50, 50), 16, (3, 3), 0, {"depthwise-strip"}),  # 52 * 52 * 16 = 43,264
        ((60, 60), 8, (5, 5), 3, {"depthwise-tile-padding"}),  # 2 * 8 * (25 + 3600) = 58,000 of 49,152
        ((60, 60), 8, (5, 5), 0, set()),  # what it pads with is right by chance
        ((50, 50), 8, (5, 5), 3, set()),  # 40,400: not tiled
    ],
)
def test_depthwise_convolutions_of_the_s3(
    size: tuple[int, int], channels: int, taps: tuple[int, int], zero_point: int, expected: set[str]
) -> None:
    assert rules(convolution("DEPTHWISE_CONV_2D", size, channels, taps, zero_point=zero_point)) == expected


@pytest.mark.parametrize(
    ("rows", "length", "is_wrong"),
    # The first row lies on 16 bytes; the second on 20, which is not a multiple of 8, on 24 or on 32, which are.
    [(1, 20, False), (2, 20, True), (2, 24, False), (2, 32, False), (2, 4, False)],
)
def test_fully_connected_over_several_rows(rows: int, length: int, is_wrong: bool) -> None:
    weights = Tensor("w", data=np.ones((8, length), np.int8), scale=0.01)
    model = one_op("FULLY_CONNECTED", [tensor("x", rows, length), weights], tensor("y", rows, 8))
    wrong = {"dense-alignment"} if is_wrong else set()
    for version in ("1.1.2", "1.2.0", "1.2.3", "1.2.5"):
        assert rules(model, esp_nn=version) == wrong
    assert rules(model, esp_nn="1.2.1") == wrong | {"dense-1-2-1"}
    assert rules(model, esp_nn="1.2.6") == set(), "fixed in 1.2.6"


@pytest.mark.parametrize(
    ("shape", "expected"), [((1, 10), set()), ((1, 4, 10), {"softmax-scratch"}), ((1, 10, 4), set())]
)
def test_softmax_of_more_than_two_dimensions(shape: tuple[int, ...], expected: set[str]) -> None:
    assert (
        rules(one_op("SOFTMAX", [tensor("x", *shape)], tensor("y", *shape, scale=1 / 256, zero_point=-128))) == expected
    )


@pytest.mark.parametrize(
    ("shape", "is_wrong"),
    [((2, 40), True), ((1, 40), False), ((2, 48), False), ((2, 32), False), ((3, 33), True), ((2, 20), False)],
)
def test_softmax_over_several_rows(shape: tuple[int, ...], is_wrong: bool) -> None:
    model = one_op("SOFTMAX", [tensor("x", *shape)], tensor("y", *shape, scale=1 / 256, zero_point=-128))
    for version in ("1.2.1", "1.2.3"):
        assert rules(model, esp_nn=version) == ({"softmax-rows"} if is_wrong else set())
    assert rules(model, esp_nn="1.2.0") == set()


@pytest.mark.parametrize(("channels", "is_wrong"), [(8, False), (12, True), (3, True), (16, False)])
def test_pointwise_convolution_of_odd_channels(channels: int, is_wrong: bool) -> None:
    model = convolution("CONV_2D", (4, 4), channels, (1, 1), strideW=1)
    assert rules(model, esp_nn="1.2.2") == rules(model, esp_nn="1.1.2")
    assert rules(model, esp_nn="1.2.2") == ({"conv-pointwise-channels"} if is_wrong else set())
    assert rules(model, esp_nn="1.2.3") == set()


@pytest.mark.parametrize(
    ("esp_nn", "caller", "is_slow"),
    [
        ("1.2.3", "1.3.7", True),
        ("1.3.2", "1.3.7", True),
        ("1.2.3", "1.3.8", False),
        ("1.2.2", "1.3.7", False),
        ("1.4.0", "1.3.7", False),
    ],
)
def test_convolutions_in_plain_c_depend_on_two_libraries(esp_nn: str, caller: str, is_slow: bool) -> None:
    model = convolution("CONV_2D", (9, 9), 16, (3, 3))
    assert rules(model, esp_nn=esp_nn, esp_tflite_micro=caller) == ({"conv-plain-c"} if is_slow else set())


def pool(name: str, height: int, width: int, channels: int, activation: int = 0) -> bytes:
    options = {"padding": VALID, "strideW": 2, "strideH": 2, "filterWidth": 2, "filterHeight": 2}
    shapes = (1, height, width, channels), (1, height // 2, width // 2, channels)
    return one_op(
        name, [tensor("x", *shapes[0])], tensor("y", *shapes[1]), options | {"fusedActivationFunction": activation}
    )


@pytest.mark.parametrize(
    ("height", "width", "channels", "expected"),
    [
        (8, 8, 4, set()),
        (8, 12, 4, {"avg-pool-columns"}),
        (12, 8, 4, {"avg-pool-rows"}),
        (12, 8, 6, set()),  # plain C
        (1 * 2, 2, 4, set()),
    ],
)
def test_average_pool_that_is_not_square(height: int, width: int, channels: int, expected: set[str]) -> None:
    for version in EXAMINED:
        assert rules(pool("AVERAGE_POOL_2D", height, width, channels), esp_nn=version) == expected
    assert rules(pool("MAX_POOL_2D", height, width, channels)) == set()


# zero point 0, scale 0.05: RELU leaves 0..127, RELU6 0..120, RELU_N1_TO_1 -20..20
@pytest.mark.parametrize(
    ("channels", "activation", "is_wrong"), [(4, 0, False), (4, 1, True), (12, 3, True), (8, 1, False), (20, 2, True)]
)
def test_max_pool_that_clamps(channels: int, activation: int, is_wrong: bool) -> None:
    assert rules(pool("MAX_POOL_2D", 8, 8, channels, activation)) == ({"max-pool-clamp"} if is_wrong else set())


def test_a_clamp_that_cuts_nothing_off_is_none() -> None:
    y = TensorView(dtype="int8", shape=(1, 2, 2, 4), scale=6 / 255, zero_point=-128)
    for activation in ("RELU", "RELU6", "NONE"):
        op = View(name="MAX_POOL_2D", inputs=[y], outputs=[y], activation=activation)
        assert not clamps(op)
    assert clamps(View(name="MAX_POOL_2D", inputs=[y], outputs=[y], activation="RELU_N1_TO_1"))


@pytest.mark.parametrize(("multiplier", "is_wrong"), [(1, False), (2, False), (4, True), (8, True)])
def test_depthwise_with_a_multiplier(multiplier: int, is_wrong: bool) -> None:
    out = 2 * multiplier
    inputs, output = [int8(1, 9, 9, 2), int8(1, 3, 3, out)], int8(1, 7, 7, out)
    found = faults("DEPTHWISE_CONV_2D", inputs, output, Slide(is_same=False, multiplier=multiplier))
    assert found == ({"depthwise-multiplier"} if is_wrong else set())


@pytest.mark.parametrize(("elements", "expected"), [(64, set()), (60, {"mul-rest"}), (4, set())])  # 4: plain C
def test_mul_of_a_rest(elements: int, expected: set[str]) -> None:
    assert (
        rules(one_op("MUL", [tensor("a", 1, elements), tensor("b", 1, elements)], tensor("y", 1, elements))) == expected
    )


def test_what_damages_memory_is_said_first() -> None:
    hits = [
        hit(0, "wrong"),
        replace(hit(1, "slow"), severity="slow"),
        replace(hit(2, "memory"), severity="overwrites-memory"),
    ]
    assert [one.rule for one in worst_first(hits)] == ["memory", "wrong", "slow"]


@pytest.mark.parametrize(
    ("model", "esp_nn", "rule"),
    [
        (convolution("CONV_2D", (9, 9), 16, (3, 3)), "1.2.3", ""),
        (convolution("CONV_2D", (8, 8), 16, (5, 5)), "1.2.3", "conv-same-padding-both"),  # all releases have it
        (convolution("DEPTHWISE_CONV_2D", (50, 50), 16, (3, 3)), "1.2.0", ""),  # a strip, from 1.2.1 on
        (convolution("DEPTHWISE_CONV_2D", (8, 9), 16, (3, 3)), "1.2.3", "depthwise-scratch"),
    ],
)
def test_a_release_is_chosen_that_the_model_survives(model: bytes, esp_nn: str, rule: str) -> None:
    chip = load_chip("esp32s3")
    release = choose_release(graph_of(model), chip, TargetConfig())
    assert (release.esp_nn, {one.rule for one in release.hits}) == (esp_nn, {rule} - {""})
    own = choose_release(graph_of(model), chip, TargetConfig(esp_nn="1.1.2"))
    assert own.esp_nn == "1.1.2"
    assert own.reason == "It is the one that target.esp_nn names."


def test_a_chip_without_esp_nn_has_tflms_faults_only() -> None:
    found = libraries(load_chip("esp32"))
    assert set(found) == {"tflite-micro"}
    assert scan(convolution("CONV_2D", (8, 8), 16, (5, 5)), found) == []


def faults(
    name: str, inputs: list[tuple[str, Shape]], output: tuple[str, Shape], slide: Slide | None = None
) -> set[str]:
    """The faults of any version that an op of these types and shapes meets."""
    given = [TensorView(dtype=dtype, shape=shape) for dtype, shape in inputs]
    op = View(name=name, inputs=given, outputs=[TensorView(dtype=output[0], shape=output[1])], slide=slide)
    return {rule.name for rule in RULES if op.name in rule.ops and rule.matches(op)}


@pytest.mark.parametrize("length", [4, 20])
def test_esp_nn_is_not_accused_of_what_it_is_not_called_for(length: int) -> None:
    dense = {
        weights: faults("FULLY_CONNECTED", [int8(2, length), (weights, (4, length))], int8(2, 4)) for weights in TYPES
    }
    assert dense == {"int8": {"dense-1-2-1", *(["dense-alignment"] if length == 20 else [])}, "int4": set()}
    softmax = {one: faults("SOFTMAX", [int8(1, 4, 10)], (one, (1, 4, 10))) for one in ("int8", "int16")}
    assert softmax == {"int8": {"softmax-scratch"}, "int16": set()}
    slide = Slide(stride=(2, 2))
    conv = {one: faults("CONV_2D", [int8(1, 8, 8, 12), (one, (8, 5, 5, 12))], int8(1, 4, 4, 8), slide) for one in TYPES}
    assert conv == {"int8": {"conv-same-padding", "conv-same-padding-both", "conv-plain-c"}, "int4": set()}


@pytest.mark.parametrize(("height", "expected"), [(62, set()), (64, {"depthwise-strip"})])
def test_a_strip_is_taken_of_more_than_40_kib(height: int, expected: set[str]) -> None:
    # padded by 2 on the right and at the bottom: 40 * 64 * 16 bytes are 40 KiB
    inputs, output = [int8(1, height, 38, 16), int8(1, 3, 3, 16)], int8(1, height // 2, 19, 16)
    assert faults("DEPTHWISE_CONV_2D", inputs, output, Slide(stride=(2, 2))) == expected


def test_vector_code_that_nobody_read_is_not_accused() -> None:
    assert set(libraries(load_chip("esp32p4"))) == {"tflite-micro", "esp-tflite-micro"}
    assert set(libraries(load_chip("esp32s3-n8r8"))) == {"tflite-micro", "esp-tflite-micro", "esp-nn"}


def test_hits_name_layers_also_of_a_stripped_model_and_of_other_subgraphs() -> None:
    tree = build_tree([tensor("", 1), tensor("", 1, scale=0.1)], [Op("RELU6", [""], [""], {})], [""], [""])
    tree.subgraphs[0].operators[0].inputs, tree.subgraphs[0].operators[0].outputs = np.array([0]), np.array([1])
    tree.subgraphs[0].inputs, tree.subgraphs[0].outputs = [0], [1]
    tree.subgraphs.append(tree.subgraphs[0])
    hits = scan(pack_tree(tree), TFLM, ["in", "kept name"])
    assert [(hit.subgraph, hit.op_index, hit.layer) for hit in hits] == [(0, 0, "kept name"), (1, 0, "")]


def test_advice_is_one_line_for_each_rule() -> None:
    hits = [hit(index, "relu6-rescale") for index in range(5)] + [hit(9, "a-rumour", evidence="reported")]
    lines = advise(hits)
    assert [line.code for line in lines] == ["known-bad-kernel"] * 2
    assert lines[0].text == "OP `a'b`, OP `a'b`, OP `a'b` and 2 more: lib: It is wrong. Change it."
    assert lines[1].text == "OP `a'b`: lib: It is wrong (reported and not confirmed). Change it."


def test_what_rounds_otherwise_comes_last_and_by_a_word_of_its_own() -> None:
    hits = [hit(0, "rounds", severity="one-step"), hit(1, "writes", severity="overwrites-memory"), hit(2, "is-slow")]
    assert [line.code for line in advise(hits)] == ["known-bad-kernel", "known-bad-kernel", "kernel-rounding"]
    assert [one.severity for one in worst_first(hits)] == ["overwrites-memory", "crash", "one-step"]
    assert [rule.name for rule in RULES if rule.severity == "one-step"] == ["mul-rest"]


def hit(index: int, rule: str, *, evidence: Evidence = "sources", severity: Severity = "crash") -> KernelHit:
    return KernelHit(
        rule=rule,
        subgraph=0,
        op_index=index,
        op="OP",
        layer="a`b",
        library="lib",
        versions="1 to 2",
        severity=severity,
        cause="It is wrong.",
        remedy="Change it.",
        source="https://github.com/a/b",
        evidence=evidence,
    )


def test_a_model_without_faults_has_no_hits_and_strange_ones_do_not_trip_the_rules() -> None:
    assert scan(tiny_int8_cnn(), EVERYTHING) == []
    scalar = TensorView(shape=(), dtype="int8")
    for rule in RULES:
        several: list[list[TensorView | None]] = [[], [None], [scalar], [None, scalar], [scalar, scalar]]
        for inputs in several:
            for outputs in ([], [scalar]):
                op = View(name=min(rule.ops), inputs=inputs, outputs=outputs)
                rule.matches(op)
                choose(op)


@pytest.mark.slow
def test_ten_thousand_ops_are_scanned_once_each() -> None:
    count = 10_000
    tensors = [tensor(f"t{index}", 1, scale=0.05 if index % 2 else 0.1) for index in range(count + 1)]
    ops = [Op("RELU6", [f"t{index}"], [f"t{index + 1}"]) for index in range(count)]
    tree = build_tree(tensors, ops[:1], ["t0"], [f"t{count}"])
    made = tree.subgraphs[0].operators[0]
    tree.subgraphs[0].operators = [_moved(made, index) for index in range(count)]
    assert len(scan(pack_tree(tree), TFLM)) == count


def _moved(op: Any, index: int) -> Any:
    import copy

    moved = copy.copy(op)
    moved.inputs, moved.outputs = np.array([index], np.int32), np.array([index + 1], np.int32)
    return moved


def test_rules_have_names_of_their_own_and_addresses() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.source.startswith("https://github.com/")
        assert rule.cause.endswith(".")
        assert rule.remedy.endswith(".")


# Each condition once more, as it was found on random shapes in the emulator: from the numbers alone.
SIZES = st.integers(3, 24)


@given(SIZES, SIZES, st.integers(1, 24), st.integers(1, 5), st.integers(1, 5), st.integers(1, 3), st.integers(1, 3))
def test_padding_of_random_convolutions(
    height: int, width: int, channels: int, high: int, wide: int, down: int, across: int
) -> None:
    inputs = [int8(1, height, width, channels), int8(4, high, wide, channels)]
    rows, columns = -(-height // down), -(-width // across)
    total = [max(0, (rows - 1) * down + high - height), max(0, (columns - 1) * across + wide - width)]
    before = [size // 2 for size in total]
    more_behind = total[0] % 2 == 1 or total[1] % 2 == 1
    pointwise = (high, wide, down, across) == (1, 1, 1, 1)
    im2col = wide * channels < 16 <= wide * high * channels
    expected = set()
    if more_behind:
        expected |= {"conv-same-padding"}
        if any(before) and not pointwise and not im2col:
            expected |= {"conv-same-padding-both"}
    if pointwise and channels % 8:
        expected |= {"conv-pointwise-channels"}
    found = faults("CONV_2D", inputs, int8(1, rows, columns, 4), Slide(stride=(across, down)))
    assert found - {"conv-plain-c"} == expected


@given(SIZES, SIZES, st.integers(1, 4).map(lambda quarter: 8 * quarter), st.integers(1, 2))
def test_scratch_of_random_depthwise_convolutions(height: int, width: int, channels: int, stride: int) -> None:
    rows, columns = -(-height // stride), -(-width // stride)
    left, top = (max(0, (out - 1) * stride + 3 - size) // 2 for out, size in ((columns, width), (rows, height)))
    inputs = [int8(1, height, width, channels), int8(1, 3, 3, channels)]
    found = faults("DEPTHWISE_CONV_2D", inputs, int8(1, rows, columns, channels), Slide(stride=(stride, stride)))
    assert ("depthwise-scratch" in found) == (channels % 16 == 0 and (left, top) in {(0, 1), (1, 0)})


@given(SIZES, SIZES, st.integers(1, 24))
def test_random_average_pools(height: int, width: int, channels: int) -> None:
    slide = Slide(stride=(1, 1), is_same=False, pool=(1, 1))
    found = faults("AVERAGE_POOL_2D", [int8(1, height, width, channels)], int8(1, height, width, channels), slide)
    wrong = {"avg-pool-rows"} if height > width else {"avg-pool-columns"} if width > height else set()
    assert found == (wrong if channels % 4 == 0 else set())


@given(st.integers(1, 4), st.integers(1, 100))
def test_random_rows(rows: int, length: int) -> None:
    shape = int8(rows, length)
    softmax = faults("SOFTMAX", [shape], shape)
    assert softmax == ({"softmax-rows"} if rows > 1 and length > 32 and length % 16 else set())
    dense = faults("FULLY_CONNECTED", [shape, int8(4, length)], int8(rows, 4))
    assert ("dense-alignment" in dense) == (rows > 1 and length > 8 and length % 8 != 0)
