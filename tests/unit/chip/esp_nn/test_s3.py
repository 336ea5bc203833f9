"""Each formula, worked by hand from the sizes of the buffers that the kernel lays out in its scratch."""

import pytest

from quantci.chip.esp_nn import dispatch
from quantci.chip.esp_nn.scratch import softmax
from quantci.chip.window import Pair, Window

THREE = (3, 3)


def window(
    size: int, channels: int, taps: int, out: int, out_channels: int, *, stride: int = 1, pad: int = 0, mult: int = 1
) -> Window:
    """A square convolution."""
    return Window(
        input=(size, size),
        channels=channels,
        filter=(taps, taps),
        filter_channels=channels,
        output=(out, out),
        output_channels=out_channels,
        stride=(stride, stride),
        leading=(pad, pad),
        multiplier=mult,
    )


def plane(size: Pair, taps: Pair, *, pad: Pair = (0, 0)) -> Window:
    """A depthwise convolution of 16 channels over a plane that need not be square, its output as large as its input."""
    return Window(
        input=size, channels=16, filter=taps, filter_channels=16, output=size, output_channels=16, leading=pad
    )


@pytest.mark.parametrize(
    ("w", "expected"),
    [
        pytest.param(window(10, 64, 1, 10, 64), 64 * 64 + 16 * 64 + 64, id="1x1"),
        pytest.param(window(2, 64, 1, 2, 64), 64 * 64 + 64, id="1x1 on fewer than 8 pixels"),
        pytest.param(window(4, 6, 1, 4, 5), 8 * 5 + 16 * 8 + 16 * 8 + 64, id="1x1, channels widened to 8"),
        pytest.param(window(8, 3, 3, 4, 8, stride=2), 8 * 4 + 8 * 32 + 32 + 96, id="short rows: im2col, 27 taps in 32"),
        pytest.param(window(8, 1, 3, 6, 4), 9 * 16 * 4 + 16 * 3 * 4 + 16 + 64, id="too few taps for im2col"),
        pytest.param(
            window(8, 16, 3, 8, 4, pad=1),
            10 * 10 * 16 + 9 * 16 * 4 + 48 * 3 * 4 + 10 * 10 * 16 + 4 * 4 + 64,
            id="3x3 SAME: padded input, filters, aligned rows, border",
        ),
        pytest.param(window(8, 16, 3, 6, 4), 9 * 16 * 4 + 48 * 3 * 4 + 4 * 4 + 64, id="3x3 VALID: no border"),
        pytest.param(
            window(9, 10, 3, 4, 2, stride=2),
            9 * 16 * 2 + 32 * 3 * 2 + 10 * 10 * 10 + 8 + 64,
            id="VALID stride 2: border of one",
        ),
        pytest.param(window(4, 16, 1, 2, 8, stride=2), 16 * 8 + 16 * 8 + 4 * 8 + 64, id="1x1 stride 2 is no plain 1x1"),
    ],
)
def test_convolution(w: Window, expected: int) -> None:
    assert dispatch.convolution(w).scratch(w) == expected


@pytest.mark.parametrize(
    ("w", "expected"),
    [
        pytest.param(window(8, 16, 3, 8, 16, pad=1), 144 + 10 * 10 * 16 + 16, id="3x3, channels of 16, SAME"),
        pytest.param(window(8, 16, 3, 4, 16, stride=2), 144 + 10 * 10 * 16 + 16, id="no padding on top, two below"),
        pytest.param(window(8, 16, 3, 6, 16), 144 + 16, id="nothing to pad"),
        pytest.param(window(48, 16, 3, 48, 16, pad=1), 144 + 50 * 50 * 16 + 16, id="40,000 bytes: whole"),
        pytest.param(window(49, 16, 3, 49, 16, pad=1), 144 + 51 * 3 * 16 + 16, id="41,616 bytes: a strip of 3 rows"),
        pytest.param(plane((38, 62), THREE, pad=(1, 1)), 144 + 40 * 64 * 16 + 16, id="40,960 bytes, the limit: whole"),
        pytest.param(
            window(8, 24, 3, 8, 24, pad=1), 9 * 32 + 12 * 12 * 32 + 8 * 8 * 32 + 64, id="3x3, 24 channels in 32"
        ),
        pytest.param(window(8, 8, 3, 8, 8, pad=1), 2 * (72 + 512) + 32, id="3x3, 8 channels"),
        pytest.param(window(8, 16, 5, 8, 16, pad=2), 2 * (400 + 1024) + 32, id="5x5"),
        pytest.param(
            window(39, 16, 5, 39, 16, pad=2), 800 + 2 * 39 * 5 * 16 + 32, id="5x5, 49,472 bytes: in tiles of 5 rows"
        ),
        pytest.param(plane((40, 38), (4, 4)), 49_152 + 32, id="4x4, 2 * 16 * (16 + 40 * 38), the limit: whole"),
        pytest.param(
            plane((40, 39), (4, 4)), 2 * 256 + 2 * 40 * 4 * 16 + 32, id="4x4, a row of 40 more: in tiles of 4 rows"
        ),
        pytest.param(
            window(3, 5, 3, 3, 5, pad=1), 144 + 144 + 80 + 12 * 8 + 16, id="5 channels in 8; output 72 up to 80"
        ),
        pytest.param(window(4, 3, 3, 4, 3, pad=1), 32, id="3 channels: plain C"),
        pytest.param(window(12, 4, 5, 8, 32, mult=8), 2 * (25 * 4 * 8 + 576) + 32, id="multiplier of 4"),
        pytest.param(window(12, 4, 5, 8, 12, mult=3), 32, id="multiplier of 3: plain C"),
    ],
)
def test_depthwise(w: Window, expected: int) -> None:
    assert dispatch.depthwise(w).scratch(w) == expected


@pytest.mark.parametrize(("shape", "expected"), [((1, 10), 40), ((1, 8, 32), 32), ((5,), 0)])
def test_softmax_takes_four_bytes_for_each_of_its_second_dimension(shape: tuple[int, ...], expected: int) -> None:
    assert softmax(shape) == expected


def test_width_and_height_are_not_mixed_up() -> None:
    w = Window(
        input=(10, 4),
        channels=16,
        filter=(5, 1),
        filter_channels=16,
        output=(10, 4),
        output_channels=2,
        stride=(1, 1),
        leading=(2, 0),
    )
    assert dispatch.convolution(w).scratch(w) == 14 * 4 * 16 + 5 * 16 * 2 + 80 * 2 + 14 * 4 * 16 + 8 + 64
    assert dispatch.depthwise(w).scratch(w) == 2 * (5 * 16 + 640) + 32
