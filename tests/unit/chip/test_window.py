"""Padding and windows, by hand."""

from __future__ import annotations

import dataclasses

import pytest
from tests.unit.chip.layers import conv, op

from quantci.chip.window import Slide, Window, same_padding


@pytest.mark.parametrize(
    ("size", "taps", "output", "stride", "dilation", "expected"),
    [
        (8, 3, 8, 1, 1, (1, 1)),
        (8, 3, 4, 2, 1, (0, 1)),  # one in all, and it goes below
        (9, 3, 5, 2, 1, (1, 1)),
        (8, 3, 8, 1, 2, (2, 2)),
        (8, 1, 4, 2, 1, (0, 0)),
        (49, 10, 25, 2, 1, (4, 5)),
    ],
)
def test_same_padding_puts_the_smaller_half_first(
    size: int, taps: int, output: int, stride: int, dilation: int, expected: tuple[int, int]
) -> None:
    assert same_padding(size, taps, output, stride, dilation) == expected


def test_a_convolution_of_another_width_than_height() -> None:
    layer = op("CONV_2D", (1, 8, 9, 6), (4, 3, 5, 3), output=(1, 4, 9, 4), slide=Slide(stride=(1, 2)))
    assert layer.window == Window(
        input=(9, 8),
        channels=6,
        filter=(5, 3),
        filter_channels=3,
        output=(9, 4),
        output_channels=4,
        stride=(1, 2),
        leading=(2, 0),
        trailing=(2, 1),
    )


def test_valid_pads_nothing_and_a_pool_takes_its_filter_from_its_options() -> None:
    slide = Slide(stride=(2, 2), is_same=False, pool=(3, 2))
    pool = op("MAX_POOL_2D", (1, 8, 9, 6), output=(1, 4, 4, 6), slide=slide).window
    assert pool is not None
    assert (pool.filter, pool.taps, pool.leading, pool.trailing) == ((3, 2), 6, (0, 0), (0, 0))


def test_what_makes_no_window() -> None:
    assert op("ADD", (1, 4, 4, 8), (1, 4, 4, 8)).window is None
    assert op("CONV_2D", (8,), (8,)).window is None
    assert dataclasses.replace(conv(8, 16, 3, 8), slide=None).window is None
    assert dataclasses.replace(conv(8, 16, 3, 8), inputs=[None]).window is None
