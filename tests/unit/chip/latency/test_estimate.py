"""Estimates worked by hand, and where there is no total."""

from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.models import VALID, WINDOW, Op, Tensor, build_model, graph_of
from tests.unit.chip.layers import coefficients, conv, infos, op, opened

from quantci.chip.esp_nn.work import work_of
from quantci.chip.latency.coefficients import Coefficients, published_coefficients, read_coefficients
from quantci.chip.latency.conditions import Module
from quantci.chip.latency.data import published_figures
from quantci.chip.latency.estimate import estimate_latency
from quantci.chip.latency.layers import parse_layers
from quantci.chip.op import Op as View
from quantci.errors import ConfigError
from quantci.records.base import encode
from quantci.records.latency import Kernels, LatencyBoard, LatencyEstimate, LatencyTerm, Memory, OtherBuild
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
    made = estimate(
        layers,
        coefficients(0.25, op=5.0, conv_im2col_value=2.0, conv_output=10.0, conv_mac=0.5, softmax_element=100.0),
    )
    # Of the second, 128 outputs have 3 rows of 48 values each; a call and a row cost 1.
    cycles = [5 + 2 * 64 * 27 + 10 * 256, 5 + 10 * 128 + 384 + 0.5 * 384 * 48, 5 + 1 + 100.0 * 128]
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


def test_a_slower_clock_waits_fewer_cycles_for_flash_and_as_long() -> None:
    """3x3 over 64 channels to 64: 36,864 bytes of weights do not fit the data cache of 32 KB, and fit one of 64."""
    layers = [conv(8, 64, 3, 64)]
    only = coefficients(0.25, flash_dio_ns=50.0, op=0, conv_output=0, conv_row=0, conv_mac=0)
    for clock_hz in (240_000_000, 160_000_000):
        made = estimate_latency(layers, infos(layers), only.at(clock_hz))
        assert made.total_us == pytest.approx(36_864 * 0.05)
    cached = estimate_latency(layers, infos(layers), only, module=Module(data_cache_bytes=65_536))
    assert cached.total_us == 0
    assert estimate_latency(layers, infos(layers), only, module=Module(flash_mode="qio")).total_us == 0


def test_an_arena_in_psram_has_an_error_of_its_own() -> None:
    other = OtherBuild(kernels="esp-nn", memory="psram", models=2, error_ratio=0.3)
    used = coefficients(0.1, psram_ns=20.0, op=0)
    used = used._replace(record=msgspec.structs.replace(used.record, other_builds=[other]))
    layers = [op("RESHAPE", (1, 8), output=(8,))]
    made = estimate(layers, used, memory="psram")
    assert (made.memory, made.error_ratio, made.networks) == ("psram", 0.3, 2)
    assert made.total_us == pytest.approx(16 * 0.02)
    assert estimate([conv(8, 16, 3, 8)], used).error_ratio == 0.1


def test_what_is_not_covered_is_named_and_the_rest_is_summed() -> None:
    made = estimate([conv(8, 16, 3, 16), op("SUM", (1, 8, 8, 16), (2,), output=(1, 16))])
    assert made.total_us is not None
    assert [(one.op, one.count, one.macs) for one in made.not_covered] == [("SUM", 1, 0)]
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
        pytest.param([conv(8, 16, 3, 8, is_int8=False)], "int16, which TFLM's own kernels run", id="int16x8"),
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
    used = coefficients(conv_mac=1 / 16)
    terms = used.record.terms | {"dense_mac": LatencyTerm(cycles=1.0, support=1)}  # a network, or a figure of a board
    used = used._replace(record=msgspec.structs.replace(used.record, terms=terms))
    dense = op("FULLY_CONNECTED", (1, 200), (100, 200), (100,), output=(1, 100))
    assert "FULLY_CONNECTED" in estimate([dense], used).reason
    both = estimate([dense, conv(16, 16, 3, 16)], used)
    # The convolution has 4,096 outputs of 1 + 3 + 9 and the op's 1, the dense layer 20,000 + 2.
    thin = 20_000 / (20_002 + 4_096 * 13 + 1)
    assert both.error_ratio == pytest.approx(0.25 + thin), "what rests on one network is added to the error"
    assert f"{100 * thin:.0f} % more for what rests on a single network" in both.basis
    few = estimate([dense, *[conv(16, 16, 3, 16)] * 4], used)
    assert few.error_ratio == 0.25, "less than a tenth"


def test_a_term_without_a_coefficient_is_not_covered() -> None:
    used = coefficients()
    terms = {name: term for name, term in used.record.terms.items() if name != "softmax_element"}
    used = used._replace(record=msgspec.structs.replace(used.record, terms=terms))
    made = estimate([conv(8, 16, 3, 8), op("SOFTMAX", (1, 8))], used)
    assert [one.op for one in made.not_covered] == ["SOFTMAX"]


@pytest.mark.parametrize(
    ("kernels", "memory", "reason"),
    [
        ("reference", "internal", "No coefficients cover the reference kernels"),
        ("esp-nn", "psram", "does not lie in internal RAM: these coefficients do not cover that"),
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
    "name",
    [
        "person detection (MobileNetV1 0.25, 96x96x1)",
        "spelled letters (DS-CNN, 80x20x3)",
        "visual wake words, Fast80 (MobileNetV1 0.25, 80x80x3)",
        "visual wake words, Fast80, arena in PSRAM",
        "MLPerf Tiny keyword spotting (DS-CNN)",
        "MLPerf Tiny image classification (ResNet8)",
        "MLPerf Tiny visual wake words (MobileNetV1 0.25, 96x96x3)",
        "mbv2-320x240-idf",
        "person detection, without ESP-NN",
    ],
)
def test_published_models_lie_within_the_stated_error(name: str) -> None:
    figure = next(figure for figure in published_figures().figures if figure.name == name)
    layers = parse_layers(figure.input, figure.layers)
    made = estimate_latency(
        layers,
        infos(layers),
        published_coefficients().at(figure.clock_hz),
        kernels=figure.kernels,
        memory=figure.memory,
        module=Module(
            figure.flash, figure.data_cache_bytes, re.findall(r"[0-9.]+", figure.esp_nn)[0] if figure.esp_nn else "1.2"
        ),
    )
    assert made.low_us is not None
    assert made.high_us is not None
    assert made.low_us <= (figure.time_us or 0) <= made.high_us


def test_ten_thousand_ops_are_one_pass() -> None:
    layers = [conv(8, 16, 3, 16)] * 10_000
    made = estimate_latency(layers, infos(layers), coefficients())
    assert made.total_us == pytest.approx(10_000 * (1 + 64 * 16 * (1 + 3 + 144) + 0.24 * 16 * 144) / 240)


def test_a_file_of_a_board(tmp_path: Path) -> None:
    board = LatencyBoard(name="DevKitC-1", device_id="A2:43:DC", build_fingerprint="")
    path = tmp_path / "board.json"
    path.write_bytes(encode(msgspec.structs.replace(coefficients(conv_mac=3.0).record, board=board)))
    used = read_coefficients(path)
    made = estimate([conv(8, 16, 3, 8)], used)
    assert made.coefficients_sha256 == used.sha256
    assert "measured on DevKitC-1 A2:43:DC" in made.basis
    assert made.ops[0].cycles == 1 + 64 * 8 * (1 + 3 + 3 * 144)


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
