"""The kernel of each op and its work, worked by hand."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.chip.layers import conv, of_int16, op, opened

from quantci.chip.esp_nn.terms import TERMS
from quantci.chip.esp_nn.work import Build, work_of
from quantci.chip.op import Op
from quantci.chip.window import Slide


def depthwise(channels: int, taps: int = 3, multiplier: int = 1) -> Op:
    return op(
        "DEPTHWISE_CONV_2D",
        (1, 4, 4, channels),
        (1, taps, taps, channels * multiplier),
        output=(1, 4, 4, channels * multiplier),
        slide=Slide(multiplier=multiplier),
    )


@pytest.mark.parametrize(
    ("layer", "path", "terms"),
    [
        pytest.param(
            conv(10, 64, 1, 32),
            "esp-nn 1x1",
            {"conv_1x1_output": 3200, "conv_mac": 3200 * 64, "conv_1x1_rest": 4 * 32},
            id="100 pixels: 4 are left over",
        ),
        pytest.param(
            conv(4, 16, 1, 32), "esp-nn 1x1", {"conv_1x1_output": 512, "conv_mac": 512 * 16}, id="none left over"
        ),
        pytest.param(
            conv(4, 12, 1, 8),
            "esp-nn 1x1 padded",
            {"conv_1x1_odd_output": 128, "conv_mac": 128 * 16},
            id="12 channels: no whole 8",
        ),
        pytest.param(
            conv(8, 16, 1, 8, stride=2),
            "esp-nn conv",
            {"conv_output": 128, "conv_row": 128, "conv_mac": 128 * 16},
            id="1x1 with stride",
        ),
        pytest.param(
            conv(8, 3, 3, 4),
            "esp-nn im2col",
            {"conv_output": 256, "conv_im2col_value": 64 * 27},
            id="64 windows of 27 values",
        ),
        pytest.param(
            conv(8, 1, 3, 4),
            "esp-nn conv",
            {"conv_output": 256, "conv_row": 768, "conv_mac": 768 * 16},
            id="9 taps: no im2col",
        ),
        pytest.param(
            conv(8, 16, 3, 4),
            "esp-nn conv",
            {"conv_output": 256, "conv_row": 768, "conv_mac": 768 * 48},
            id="rows of 48 values",
        ),
        pytest.param(depthwise(16), "esp-nn depthwise 3x3", {"depthwise_3x3_output": 256}, id="depthwise"),
        pytest.param(
            depthwise(24), "esp-nn depthwise 3x3", {"depthwise_3x3_output": 16 * 32}, id="24 channels widened to 32"
        ),
        pytest.param(depthwise(8), "esp-nn depthwise 3x3", {"depthwise_3x3_output": 128}, id="8 are not widened"),
        pytest.param(
            depthwise(12), "esp-nn depthwise padded", {"depthwise_padded_output": 16 * 16}, id="12 channels are padded"
        ),
        pytest.param(depthwise(16, taps=5), "esp-nn depthwise", {"depthwise_tap": 256 * 25}, id="depthwise 5x5"),
        pytest.param(depthwise(4, multiplier=8), "esp-nn depthwise", {"depthwise_tap": 512 * 9}, id="multiplier"),
        pytest.param(
            op("FULLY_CONNECTED", (1, 20), (5, 20), (5,), output=(1, 5)),
            "esp-nn dense",
            {"dense_call": 1, "dense_mac": 100},
            id="dense",
        ),
        pytest.param(op("ADD", (1, 7), (1, 7)), "esp-nn add", {"add_element": 7}, id="add"),
        pytest.param(op("MUL", (1, 7), (1, 7)), "esp-nn mul", {"mul_element": 7}, id="mul"),
        pytest.param(op("SOFTMAX", (2, 5)), "esp-nn softmax", {"softmax_call": 1, "softmax_element": 10}, id="softmax"),
        pytest.param(
            op("MAX_POOL_2D", (1, 4, 4, 8), output=(1, 2, 2, 8), slide=Slide(pool=(2, 2))),
            "esp-nn max pool",
            {"max_pool_tap": 32 * 4},
            id="max-pool",
        ),
        pytest.param(
            op("AVERAGE_POOL_2D", (1, 4, 4, 8), output=(1, 1, 1, 8), slide=Slide(pool=(4, 4))),
            "esp-nn avg pool",
            {"avg_pool_tap": 8 * 16},
            id="avg-pool",
        ),
        pytest.param(
            op("MEAN", (1, 4, 4, 8), output=(1, 8)), "TFLM", {"mean_element": 128}, id="TFLM's MEAN counts its input"
        ),
        pytest.param(op("ADD", (1, 4, 4, 8), (1,)), "TFLM", {"broadcast_add_element": 128}, id="ADD of a scalar"),
        pytest.param(op("MUL", (1, 4, 4, 8), (1,)), "TFLM", {"broadcast_mul_element": 128}, id="MUL of a scalar"),
        pytest.param(op("LOGISTIC", (1, 1)), "TFLM", {"logistic_call": 1}, id="LOGISTIC of one value"),
        pytest.param(op("RESHAPE", (1, 4, 4), output=(1, 16)), "TFLM", {}, id="RESHAPE"),
        pytest.param(op("PACK", (1,), output=(4,)), "TFLM", {}, id="a shape that Keras computes"),
    ],
)
def test_work_by_hand(layer: Op, path: str, terms: dict[str, float]) -> None:
    work = work_of(layer)
    assert work is not None
    assert (work.path, dict(work.terms)) == (path, {"op": 1, **terms})


@pytest.mark.parametrize(
    ("layer", "terms"),
    [
        (conv(10, 64, 1, 32), {"conv_1x1_output": 3200, "conv_1x1_mac_before_1_2": 3200 * 64}),
        (conv(4, 12, 1, 8), {"conv_1x1_odd_output": 128, "conv_1x1_mac_before_1_2": 128 * 16}),
        (conv(8, 3, 3, 4), {"conv_output": 256, "conv_row": 768, "conv_mac": 768 * 16}),
    ],
)
def test_work_before_1_2_which_had_no_im2col(layer: Op, terms: dict[str, float]) -> None:
    work = work_of(layer, Build(is_before_1_2=True))
    assert work is not None
    assert dict(work.terms) == {"op": 1, **terms}


def test_waits_are_bytes_times_the_cycles_of_a_nanosecond() -> None:
    work = work_of(conv(4, 16, 1, 32), Build(clock_hz=160_000_000, reads_flash=True, memory="psram"))
    assert work is not None
    assert work.terms["flash_dio_ns"] == pytest.approx(0.16 * 16 * 32)
    assert work.terms["psram_ns"] == pytest.approx(0.16 * (16 * 16 + 16 * 32))


@pytest.mark.parametrize(
    "layer",
    [
        pytest.param(conv(8, 16, 3, 8, is_int8=False), id="int16x8"),
        pytest.param(dataclasses.replace(conv(8, 16, 3, 8), slide=Slide(dilation=(1, 2))), id="dilated"),
        pytest.param(op("CONV_2D", (1, 4, 4, 8), (6, 1, 1, 4), output=(1, 4, 4, 6)), id="grouped"),
        pytest.param(opened(conv(8, 16, 3, 8)), id="open shape"),
        pytest.param(depthwise(3), id="depthwise of 3 channels: plain C"),
        pytest.param(depthwise(8, multiplier=2), id="multiplier of 2: plain C"),
        pytest.param(of_int16(op("ADD", (1, 4, 4, 8), (1, 1, 1, 8))), id="broadcast of int16"),
        pytest.param(op("MAX_POOL_2D", (1, 4, 4, 6)), id="pool of 6 channels"),
        pytest.param(of_int16(op("MEAN", (1, 4, 4, 8), output=(1, 8))), id="MEAN of int16"),
        pytest.param(op("PAD", (1, 4, 4, 8), output=(1, 6, 6, 8)), id="no figure"),
        pytest.param(op("LOGISTIC", (1, 17)), id="LOGISTIC of more than any figure has"),
        pytest.param(op("STRIDED_SLICE", (1, 40), output=(1, 17)), id="a slice of data"),
        pytest.param(op("Mine", (1, 4)), id="custom"),
        pytest.param(op("CONV_2D", (8,), (8,)), id="a rank that CONV_2D does not take"),
        pytest.param(op("FULLY_CONNECTED", (1, 8)), id="no weights"),
    ],
)
def test_no_figure_covers(layer: Op) -> None:
    assert work_of(layer) is None


def test_reference_kernels_count_macs_only() -> None:
    work = work_of(conv(8, 16, 3, 8), Build("reference"))
    assert work is not None
    assert dict(work.terms) == {"reference_mac": 64 * 8 * 144}
    assert work_of(op("ADD", (1, 7), (1, 7)), Build("reference")) is None


@given(st.integers(1, 32), st.integers(1, 70), st.sampled_from([1, 3, 5]), st.integers(1, 70), st.integers(1, 3))
def test_every_conv_has_a_path_and_more_units_are_never_less_work(
    size: int, channels: int, taps: int, units: int, stride: int
) -> None:
    small, large = (work_of(conv(size, channels, taps, count, stride=stride)) for count in (units, units + 1))
    assert small is not None
    assert large is not None
    assert small.path == large.path
    assert small.terms.keys() <= set(TERMS)
    assert all(large.terms[name] >= amount for name, amount in small.terms.items())
