"""Estimates worked by hand, and where there is no total."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.models import VALID, WINDOW, Op, Tensor, build_model, graph_of
from tests.unit.chip.layers import coefficients, conv, infos, op, opened

from quantci.chip.esp_nn.terms import work_of
from quantci.chip.latency.coefficients import Coefficients, published_coefficients, read_coefficients
from quantci.chip.latency.data import published_figures
from quantci.chip.latency.estimate import estimate_latency
from quantci.chip.latency.layers import parse_layers
from quantci.chip.op import Op as View
from quantci.errors import ConfigError
from quantci.records.base import encode
from quantci.records.latency import Kernels, LatencyBoard, LatencyEstimate, LatencyTerm, Memory
from quantci.tflite.model import Model


def estimate(
    layers: list[View],
    used: Coefficients | None = None,
    *,
    kernels: Kernels = "esp-nn",
    memory: Memory = "internal",
) -> LatencyEstimate:
    """The estimate for these layers; it always fits its schema."""
    made = estimate_latency(layers, infos(layers), used or coefficients(), kernels=kernels, memory=memory)
    encode(made)
    return made


def test_total_by_hand() -> None:
    layers = [conv(8, 3, 3, 4), conv(8, 16, 3, 2), op("SOFTMAX", (1, 128))]
    made = estimate(layers, coefficients(0.25, conv_im2col_mac=2.0, output=10.0, conv_mac=0.5, softmax_element=100.0))
    cycles = [2 * 256 * 32 + 10 * 256, 0.5 * 128 * 144 + 10 * 128, 100.0 * 128]
    assert [one.cycles for one in made.ops] == cycles
    assert [one.path for one in made.ops] == ["esp-nn im2col", "esp-nn conv", "esp-nn softmax"]
    assert [one.share for one in made.ops] == pytest.approx([one / sum(cycles) for one in cycles])
    assert made.total_us == pytest.approx(sum(cycles) / 240)
    assert made.low_us == pytest.approx(0.75 * sum(cycles) / 240)
    assert made.high_us == pytest.approx(1.25 * sum(cycles) / 240)
    assert (made.kind, made.error_ratio, made.reason, made.not_covered) == ("estimated", 0.25, "", [])
    assert made.not_covered_mac_share == 0


def test_another_clock_takes_as_many_cycles_and_another_time() -> None:
    layers = [conv(8, 3, 3, 4)]
    fast, slow = (estimate(layers, coefficients().at(clock_hz)) for clock_hz in (None, 160_000_000))
    assert (fast.clock_hz, slow.clock_hz) == (240_000_000, 160_000_000)
    assert [op.cycles for op in fast.ops] == [op.cycles for op in slow.ops]
    assert (fast.total_us or 0) * 240 == pytest.approx((slow.total_us or 0) * 160)
    assert (slow.high_us or 0) / (slow.total_us or 1) == pytest.approx(1.25)


def test_what_is_not_covered_is_named_and_the_rest_is_summed() -> None:
    made = estimate([conv(8, 16, 3, 16), op("MEAN", (1, 8, 8, 16), (2,), output=(1, 16))])
    assert made.total_us is not None
    assert [(one.op, one.count, one.macs) for one in made.not_covered] == [("MEAN", 1, 0)]
    assert (made.ops[1].path, made.ops[1].cycles, made.ops[1].latency_us) == ("not covered", None, None)
    assert made.not_covered_mac_share == 0


@pytest.mark.parametrize(
    ("layers", "reason"),
    [
        pytest.param([], "no ops", id="empty"),
        pytest.param(
            [conv(8, 16, 3, 8), dataclasses.replace(op("Mine", (1, 4)), is_custom=True)],
            "cost of Mine is not known",
            id="custom",
        ),
        pytest.param([conv(8, 16, 3, 8), op("WHILE", (1, 4))], "cost of WHILE is not known", id="control flow"),
        pytest.param([conv(8, 16, 3, 8, is_int8=False)], "covers any op", id="int16x8"),
        pytest.param(
            [conv(8, 16, 3, 8), conv(8, 16, 3, 8, is_int8=False)],
            "covers 1 of 2 CONV_2D: 50 % of the multiply-accumulates",
            id="half of it int16x8",
        ),
        pytest.param(
            [conv(8, 16, 3, 8), opened(op("RESHAPE", (1, 8, 8), output=(1, 64)))],
            "shapes of RESHAPE are not fixed",
            id="dynamic",
        ),
        pytest.param(
            [conv(8, 16, 3, 8), op("RESIZE_BILINEAR", (1, 8, 8, 8), output=(1, 16, 16, 8))],
            "RESIZE_BILINEAR: 80 % of all output elements",
            id="elements without MACs",
        ),
    ],
)
def test_no_total_has_a_reason(layers: list[View], reason: str) -> None:
    made = estimate(layers)
    assert (made.total_us, made.low_us, made.high_us, made.error_ratio) == (None, None, None, None)
    assert reason in made.reason
    assert len(made.ops) == len(layers)


def test_most_of_it_on_a_single_figure_is_no_total() -> None:
    used = coefficients()
    terms = used.record.terms | {"dense_mac": LatencyTerm(cycles=1.0, support=1)}
    used = used._replace(record=msgspec.structs.replace(used.record, terms=terms))
    dense = op("FULLY_CONNECTED", (1, 200), (100, 200), (100,), output=(1, 100))
    assert "FULLY_CONNECTED" in estimate([dense], used).reason
    assert estimate([dense, conv(16, 16, 3, 16)], used).total_us is not None


def test_a_term_without_a_coefficient_is_not_covered() -> None:
    used = coefficients()
    terms = {name: term for name, term in used.record.terms.items() if name != "softmax_element"}
    used = used._replace(record=msgspec.structs.replace(used.record, terms=terms))
    made = estimate([conv(8, 16, 3, 8), op("SOFTMAX", (1, 8))], used)
    assert [one.op for one in made.not_covered] == ["SOFTMAX"]


@pytest.mark.parametrize(
    ("kernels", "memory", "reason"),
    [
        ("reference", "internal", "reference kernels: published figures lie up to 350 % off"),
        (
            "esp-nn",
            "psram",
            "does not lie in internal RAM: these coefficients do not cover that, and published models of that kind",
        ),
    ],
)
def test_another_build_is_no_total(kernels: Kernels, memory: Memory, reason: str) -> None:
    made = estimate([conv(8, 16, 3, 8)], kernels=kernels, memory=memory)
    assert made.total_us is None
    assert reason in made.reason


def test_an_error_of_more_than_all_is_no_total() -> None:
    made = estimate([conv(8, 16, 3, 8)], coefficients(1.2))
    assert made.total_us is None
    assert "120 %" in made.reason


@given(st.integers(1, 24), st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 3, 5]))
def test_more_outputs_never_take_fewer_cycles(size: int, channels: int, units: int, taps: int) -> None:
    small, large = (
        estimate([conv(size, channels, taps, count)], published_coefficients()) for count in (units, units + 1)
    )
    assert (small.ops[0].cycles or 0) < (large.ops[0].cycles or 0)


@pytest.mark.parametrize(
    "name", ["person detection (MobileNetV1 0.25, 96x96x1)", "DeepPicar (PilotNet, 160x66x3), ESP-IDF"]
)
def test_published_models_lie_within_the_stated_error(name: str) -> None:
    figure = next(figure for figure in published_figures().figures if figure.name == name)
    made = estimate(parse_layers(figure.input, figure.layers), published_coefficients())
    assert made.low_us is not None
    assert made.high_us is not None
    assert made.low_us <= (figure.time_us or 0) <= made.high_us


def test_ten_thousand_ops_are_one_pass() -> None:
    layers = [conv(8, 16, 3, 16)] * 10_000
    made = estimate_latency(layers, infos(layers), coefficients())
    assert made.total_us == pytest.approx(10_000 * 64 * 16 * 145 / 240)


def test_a_file_of_a_board(tmp_path: Path) -> None:
    board = LatencyBoard(name="DevKitC-1", device_id="A2:43:DC", build_fingerprint="")
    path = tmp_path / "board.json"
    path.write_bytes(encode(msgspec.structs.replace(coefficients(conv_mac=3.0).record, board=board)))
    used = read_coefficients(path)
    made = estimate([conv(8, 16, 3, 8)], used)
    assert made.coefficients_sha256 == used.sha256
    assert "measured on DevKitC-1 A2:43:DC" in made.basis
    assert made.ops[0].cycles == 3 * 64 * 8 * 144 + 64 * 8


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        pytest.param(b"", "not valid latency coefficients", id="empty"),
        pytest.param(b"\xff\xfe", "not valid latency coefficients", id="not text"),
        pytest.param(b"[" * 200_000, "not valid latency coefficients", id="deep"),
        pytest.param(b" " * (1 << 21), "not a file of latency coefficients", id="large"),
        pytest.param(b'{"schema_version": 1}', "missing required field", id="incomplete"),
        pytest.param(
            encode(msgspec.structs.replace(coefficients().record, chip="esp32")), "of the chip esp32", id="another chip"
        ),
        pytest.param(
            encode(
                msgspec.structs.replace(coefficients().record, terms={"conv_macs": LatencyTerm(cycles=1.0, support=2)})
            ),
            "no term conv_macs",
            id="unknown term",
        ),
        pytest.param(
            encode(coefficients().record).replace(b'"cycles": 1.0', b'"cycles": -1.0', 1), "cycles", id="negative"
        ),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, content: bytes, cause: str) -> None:
    path = tmp_path / "board.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=cause) as raised:
        read_coefficients(path)
    assert raised.value.code == "latency-coefficients"
    assert raised.value.where == str(path)


def test_no_file_and_no_regular_file(tmp_path: Path) -> None:
    if hasattr(os, "mkfifo"):  # not on Windows
        os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "absent.json", tmp_path, tmp_path / "pipe"):
        with pytest.raises(ConfigError, match="not a file of latency coefficients"):
            read_coefficients(path)


def test_the_ops_of_a_model() -> None:
    data = build_model(
        [
            Tensor("in", [1, 8, 8, 16], "int8", scale=0.1),
            Tensor("weights", data=np.zeros((4, 3, 3, 16), np.int8), scale=0.1),
            Tensor("conv", [1, 3, 3, 4], "int8", scale=0.1),
            Tensor("pool", [1, 1, 1, 4], "int8", scale=0.1),
            Tensor("out", [1, 1, 1, 4], "int8", scale=0.1),
        ],
        [
            Op("CONV_2D", ["in", "weights", ""], ["conv"], WINDOW | {"padding": VALID, "strideW": 2, "strideH": 2}),
            Op(
                "AVERAGE_POOL_2D",
                ["conv"],
                ["pool"],
                {"padding": VALID, "strideW": 1, "strideH": 1, "filterWidth": 3, "filterHeight": 3},
            ),
            Op("CONV_2D_OF_MINE", ["pool"], ["out"]),
        ],
        ["in"],
        ["out"],
    )
    layers = graph_of(data).ops
    made = estimate_latency(layers, Model(data, "model").summary.ops, published_coefficients())
    assert [one.path for one in made.ops] == ["esp-nn conv", "esp-nn avg pool", "not covered"]
    assert made.reason == "The cost of CONV_2D_OF_MINE is not known."


def test_int8_weights_alone_are_no_int8_kernel() -> None:
    data = build_model(
        [
            Tensor("in", [1, 8], "int16", scale=0.1),
            Tensor("weights", data=np.zeros((4, 8), np.int8), scale=0.1),
            Tensor("out", [1, 4], "int16", scale=0.1),
        ],
        [Op("FULLY_CONNECTED", ["in", "weights", ""], ["out"])],
        ["in"],
        ["out"],
    )
    assert work_of(graph_of(data).ops[0]) is None
