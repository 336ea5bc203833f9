"""The kernel of each op and its work, worked by hand."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.chip.layers import conv, op, opened

from quantci.chip.esp_nn.terms import TERMS, work_of
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
            conv(10, 64, 1, 32), "esp-nn 1x1", {"conv_1x1_mac": 100 * 32 * 64, "output": 3200}, id="conv of whole bytes"
        ),
        pytest.param(
            conv(4, 12, 1, 8), "esp-nn conv", {"conv_mac": 16 * 8 * 12, "output": 128}, id="12 channels: no whole 8"
        ),
        pytest.param(
            conv(8, 16, 1, 8, stride=2), "esp-nn conv", {"conv_mac": 16 * 8 * 16, "output": 128}, id="1x1 with stride"
        ),
        pytest.param(
            conv(8, 3, 3, 4), "esp-nn im2col", {"conv_im2col_mac": 256 * 32, "output": 256}, id="27 taps in 32"
        ),
        pytest.param(conv(8, 1, 3, 4), "esp-nn conv", {"conv_mac": 256 * 9, "output": 256}, id="9 taps: no im2col"),
        pytest.param(conv(8, 16, 3, 4), "esp-nn conv", {"conv_mac": 256 * 144, "output": 256}, id="conv 3x3"),
        pytest.param(
            depthwise(16), "esp-nn depthwise 3x3", {"depthwise_3x3_mac": 16 * 16 * 9, "output": 256}, id="depthwise"
        ),
        pytest.param(
            depthwise(24),
            "esp-nn depthwise 3x3",
            {"depthwise_3x3_mac": 16 * 32 * 9, "output": 16 * 32},
            id="24 channels widened to 32",
        ),
        pytest.param(
            depthwise(8),
            "esp-nn depthwise 3x3",
            {"depthwise_3x3_mac": 16 * 8 * 9, "output": 128},
            id="8 are not widened",
        ),
        pytest.param(
            depthwise(16, taps=5), "esp-nn depthwise", {"depthwise_mac": 256 * 25, "output": 256}, id="depthwise 5x5"
        ),
        pytest.param(
            depthwise(4, multiplier=8), "esp-nn depthwise", {"depthwise_mac": 512 * 9, "output": 512}, id="multiplier"
        ),
        pytest.param(
            op("FULLY_CONNECTED", (1, 20), (5, 20), (5,), output=(1, 5)),
            "esp-nn dense",
            {"dense_mac": 100, "output": 5},
            id="dense",
        ),
        pytest.param(op("ADD", (1, 7), (1, 7)), "esp-nn add", {"add_element": 7}, id="add"),
        pytest.param(op("MUL", (1, 7), (1, 7)), "esp-nn mul", {"mul_element": 7}, id="mul"),
        pytest.param(op("SOFTMAX", (2, 5)), "esp-nn softmax", {"softmax_element": 10}, id="softmax"),
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
    ],
)
def test_work_by_hand(layer: Op, path: str, terms: dict[str, float]) -> None:
    work = work_of(layer)
    assert work is not None
    assert (work.path, dict(work.terms)) == (path, terms)


@pytest.mark.parametrize(
    "layer",
    [
        pytest.param(conv(8, 16, 3, 8, is_int8=False), id="int16x8"),
        pytest.param(dataclasses.replace(conv(8, 16, 3, 8), slide=Slide(dilation=(1, 2))), id="dilated"),
        pytest.param(op("CONV_2D", (1, 4, 4, 8), (6, 1, 1, 4), output=(1, 4, 4, 6)), id="grouped"),
        pytest.param(opened(conv(8, 16, 3, 8)), id="open shape"),
        pytest.param(depthwise(3), id="depthwise of 3 channels: plain C"),
        pytest.param(depthwise(8, multiplier=2), id="multiplier of 2: plain C"),
        pytest.param(op("ADD", (1, 4, 4, 8), (1, 1, 1, 8)), id="broadcast"),
        pytest.param(op("MAX_POOL_2D", (1, 4, 4, 6)), id="pool of 6 channels"),
        pytest.param(op("MEAN", (1, 4, 4, 8), (2,), output=(1, 8)), id="no figure"),
        pytest.param(op("Mine", (1, 4)), id="custom"),
        pytest.param(op("CONV_2D", (8,), (8,)), id="a rank that CONV_2D does not take"),
        pytest.param(op("FULLY_CONNECTED", (1, 8)), id="no weights"),
    ],
)
def test_no_figure_covers(layer: Op) -> None:
    assert work_of(layer) is None


def test_reference_kernels_count_macs_only() -> None:
    work = work_of(conv(8, 16, 3, 8), "reference")
    assert work is not None
    assert dict(work.terms) == {"reference_mac": 64 * 8 * 144}
    assert work_of(op("ADD", (1, 7), (1, 7)), "reference") is None


@given(st.integers(1, 32), st.integers(1, 70), st.sampled_from([1, 3, 5]), st.integers(1, 70), st.integers(1, 3))
def test_every_conv_has_a_path_and_more_units_are_never_less_work(
    size: int, channels: int, taps: int, units: int, stride: int
) -> None:
    small, large = (work_of(conv(size, channels, taps, count, stride=stride)) for count in (units, units + 1))
    assert small is not None
    assert large is not None
    assert small.path == large.path
    assert small.terms.keys() <= set(TERMS)
    assert all(large.terms[name] > amount for name, amount in small.terms.items())
