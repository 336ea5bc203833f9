"""Each formula of the ESP32-P4, worked by hand from the buffers that the kernel lays out in its scratch.

In this order: sums of the filters (4 bytes for each output channel), widened filters, the input, and 32 to align.
"""

import pytest

from quantci.chip.esp_nn.p4 import convolution
from quantci.chip.window import Pair, Window


def window(
    size: Pair, channels: int, taps: Pair, out: Pair, out_channels: int, *, stride: Pair = (1, 1), pad: Pair = (0, 0)
) -> Window:
    """A convolution; each pair is (width, height)."""
    return Window(
        input=size,
        channels=channels,
        filter=taps,
        filter_channels=channels,
        output=out,
        output_channels=out_channels,
        stride=stride,
        leading=pad,
    )


ONE, TWO, THREE = (1, 1), (2, 2), (3, 3)


@pytest.mark.parametrize(
    ("w", "expected"),
    [
        pytest.param(window((10, 10), 8, ONE, (10, 10), 4), 4 * 4 + 16 * 4 + 32 + 32, id="1x1, one vector of 16"),
        pytest.param(window((10, 10), 15, ONE, (10, 10), 4), 4 * 4 + 16 * 4 + 32 + 32, id="1x1, 15 channels still"),
        pytest.param(window((10, 10), 16, ONE, (10, 10), 4), 16 * 4 + 16 * 16 + 32, id="1x1, 16 channels: transposed"),
        pytest.param(window((7, 1), 16, ONE, (7, 1), 4), 16 * 4 + 32, id="1x1 on 7 pixels: not transposed"),
        pytest.param(window((8, 1), 16, ONE, (8, 1), 4), 16 * 4 + 16 * 16 + 32, id="1x1 on 8 pixels: transposed"),
        pytest.param(
            window((10, 5), 20, ONE, (10, 5), 6), 10 * 5 * 24 + 24 * 6 + 16 * 24 + 32, id="1x1, 20 channels in 24"
        ),
        pytest.param(
            window((4, 4), 16, ONE, (2, 2), 8, stride=TWO), 16 * 8 + 4 * 8 + 32, id="1x1 stride 2 is no plain 1x1"
        ),
        pytest.param(
            window((4, 4), 16, ONE, (2, 4), 8, stride=(2, 1)), 16 * 8 + 4 * 8 + 32, id="nor is stride 2 one way"
        ),
        pytest.param(window((4, 4), 16, ONE, (6, 6), 8, pad=ONE), 16 + 4 * 8 + 32, id="nor is a padded 1x1"),
        pytest.param(window((4, 4), 16, ONE, (6, 4), 8, pad=(1, 0)), 16 + 4 * 8 + 32, id="nor one padded left"),
        pytest.param(window((4, 4), 16, ONE, (4, 6), 8, pad=(0, 1)), 16 + 4 * 8 + 32, id="nor one padded on top"),
        pytest.param(window((8, 8), 8, THREE, (6, 6), 4), 9 * 16 * 4 + 4 * 4 + 32, id="VALID, rows of 24: direct"),
        pytest.param(window((8, 8), 8, TWO, (7, 7), 4), 4 * 16 * 4 + 4 * 4 + 32, id="VALID, rows of 16: direct"),
        pytest.param(window((8, 8), 20, (3, 2), (6, 7), 4), 6 * 32 * 4 + 4 * 4 + 32, id="VALID, 20 channels in 32"),
        pytest.param(window((8, 8), 6, (3, 1), (6, 8), 4), 3 * 16 * 4 + 4 * 4 + 32, id="VALID, 3x1: rows of 18"),
        pytest.param(window((8, 8), 6, (1, 3), (8, 6), 4), 18 + 4 * 4 + 32, id="VALID, 1x3: rows of 6, a window of 18"),
        pytest.param(window((8, 8), 3, THREE, (6, 6), 4), 27 + 4 * 4 + 32, id="VALID, rows of 9: one window of 27"),
        pytest.param(window((8, 8), 16, THREE, (8, 8), 4, pad=ONE), 144 + 4 * 4 + 32, id="SAME: one window of 144"),
        pytest.param(window((8, 8), 16, (3, 1), (8, 8), 4, pad=(1, 0)), 48 + 4 * 4 + 32, id="padded left only"),
        pytest.param(window((8, 8), 16, (1, 3), (8, 8), 4, pad=(0, 1)), 48 + 4 * 4 + 32, id="padded on top only"),
        pytest.param(window((8, 8), 1, (4, 4), (5, 5), 4), 16 + 4 * 4 + 32, id="a window of exactly 16"),
        pytest.param(
            window((9, 8), 1, (5, 3), (5, 6), 4), 15 * 16 * 4 + 9 * 8 * 16 + 4 * 4 + 32, id="VALID, a window of 15"
        ),
        pytest.param(
            window((9, 8), 15, ONE, (5, 4), 4, stride=TWO), 16 * 4 + 9 * 8 * 16 + 4 * 4 + 32, id="15 channels, stride 2"
        ),
        pytest.param(
            window((9, 6), 1, THREE, (9, 6), 4, pad=ONE), 11 * 8 + 9 * 16 * 4 + 4 * 4 + 32, id="SAME, a window of 9"
        ),
        pytest.param(
            window((9, 6), 3, (3, 1), (9, 6), 4, pad=(1, 0)),
            11 * 6 * 3 + 3 * 16 * 4 + 4 * 4 + 32,
            id="3x1, 3 channels",
        ),
        pytest.param(
            window((9, 6), 3, (1, 3), (9, 6), 4, pad=(0, 1)),
            9 * 8 * 3 + 3 * 16 * 4 + 4 * 4 + 32,
            id="1x3, 3 channels",
        ),
        pytest.param(
            window((178, 178), 1, THREE, (178, 178), 92, pad=ONE),
            180 * 180 + 9 * 16 * 92 + 4 * 92 + 32,
            id="180 * 180 + 4 * 92 is all of the 32,768: whole",
        ),
        # One output more: 32,768 - 4 * 93 - 9 * 16 * 93 leaves 19,004 for rows of 180 * 16 = 2,880. Six of them fit,
        # so four rows of output at once, for which 3 + 3 are read; the kernel asks for 2 * 1 more.
        pytest.param(
            window((178, 178), 1, THREE, (178, 178), 93, pad=ONE),
            (3 + 3 + 2) * 2880 + 9 * 16 * 93 + 4 * 93 + 32,
            id="180 * 180 + 4 * 93 is over it: in tiles",
        ),
        # 105 outputs leave 17,228: 5.98 of those rows, so that every byte taken from the budget counts.
        pytest.param(
            window((178, 178), 1, THREE, (178, 178), 105, pad=ONE),
            (2 + 3 + 2) * 2880 + 9 * 16 * 105 + 4 * 105 + 32,
            id="in tiles of five rows, and nearly six",
        ),
        # 32,768 - 4 * 4 - 6 * 16 * 4 leaves 32,368 for rows of 402 * 16 = 6,432. Five fit: two rows of output, a stride
        # of 2 apart, read 2 + 2.
        pytest.param(
            window((400, 100), 2, (3, 2), (134, 50), 4, stride=(3, 2), pad=ONE),
            (2 + 2 + 2) * 6432 + 6 * 16 * 4 + 4 * 4 + 32,
            id="in tiles with a stride",
        ),
        # The same with padding on top only: rows of 400 * 16 = 6,400; 32,368 - 2 * 6,400 is 19,568, one more of 12,800.
        pytest.param(
            window((400, 100), 2, (3, 2), (134, 50), 4, stride=(3, 2), pad=(0, 2)),
            (2 + 2 + 4) * 6400 + 6 * 16 * 4 + 4 * 4 + 32,
            id="in tiles, padded on top only",
        ),
        pytest.param(
            window((400, 100), 2, (3, 2), (134, 50), 4, stride=(3, 2), pad=(2, 0)),
            (2 + 2) * 404 * 16 + 6 * 16 * 4 + 4 * 4 + 32,
            id="in tiles, padded left only",
        ),
        pytest.param(
            window((1000, 32), 1, THREE, (1000, 32), 8, pad=ONE),
            (3 + 2) * 1002 * 16 + 9 * 16 * 8 + 4 * 8 + 32,
            id="not even three rows of 16,032 fit: one row of output at a time",
        ),
        pytest.param(
            window((178, 178), 1, THREE, (178, 2), 93, pad=ONE),
            (1 + 3 + 2) * 2880 + 9 * 16 * 93 + 4 * 93 + 32,
            id="never more rows than the output has",
        ),
    ],
)
def test_convolution(w: Window, expected: int) -> None:
    assert convolution(w) == expected
