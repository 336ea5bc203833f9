"""Costs that were worked out by hand."""

from __future__ import annotations

import pytest

from quantci.tflite.macs import count_macs


@pytest.mark.parametrize(
    ("op", "inputs", "outputs", "expected"),
    [
        # 4 * 4 outputs of 8 channels, each a sum over 3 * 3 * 3.
        ("CONV_2D", [[1, 8, 8, 3], [8, 3, 3, 3], [8]], [[1, 4, 4, 8]], 4 * 4 * 8 * 27),
        # Two groups: the filter sees 2 of the 4 channels.
        ("CONV_2D", [[1, 4, 4, 4], [6, 1, 1, 2], []], [[1, 4, 4, 6]], 4 * 4 * 6 * 2),
        ("DEPTHWISE_CONV_2D", [[1, 8, 8, 4], [1, 3, 3, 8], [8]], [[1, 8, 8, 8]], 8 * 8 * 8 * 9),
        ("FULLY_CONNECTED", [[2, 10], [5, 10], [5]], [[2, 5]], 100),
        ("TRANSPOSE_CONV", [[4], [6, 2, 2, 3], [1, 4, 4, 3]], [[1, 8, 8, 6]], 4 * 4 * 3 * 2 * 2 * 6),
        ("BATCH_MATMUL", [[3, 2, 4], [3, 4, 5]], [[3, 2, 5]], 3 * 2 * 4 * 5),
        ("SVDF", [[1, 96], [64, 96], [64, 8], [64], [1, 512]], [[1, 64]], 64 * 96 + 64 * 8),
        # Seven steps of four gates: 5 cells from 3 inputs and from 5 states.
        (
            "UNIDIRECTIONAL_SEQUENCE_LSTM",
            [[1, 7, 3], *[[5, 3]] * 4, *[[5, 5]] * 4, *[[]] * 3, *[[5]] * 4, *[[]] * 2, [1, 5], [1, 5], *[[]] * 4],
            [[1, 7, 5]],
            7 * 4 * (5 * 3 + 5 * 5),
        ),
        ("RESHAPE", [[1, 4, 4], [2]], [[1, 16]], 0),
        ("ADD", [[1, 4], [1, 4]], [[1, 4]], 0),
        ("MAX_POOL_2D", [[1, 4, 4, 2]], [[1, 2, 2, 2]], 0),
        ("MyOwnOp", [[1, 4]], [[1, 4]], None),
        ("WHILE", [[1]], [[1]], None),
        ("CONV_2D", [[-1, 8, 8, 3], [8, 3, 3, 3]], [[-1, 4, 4, 8]], None),
        ("CONV_2D", [[8], [8]], [[8]], 8),
        ("DEPTHWISE_CONV_2D", [[8], [8]], [[8]], None),
    ],
)
def test_hand_worked(op: str, inputs: list[list[int]], outputs: list[list[int]], expected: int | None) -> None:
    assert count_macs(op, inputs, outputs) == expected


def test_transposed_left_operand() -> None:
    assert count_macs("BATCH_MATMUL", [[4, 2], [4, 5]], [[2, 5]], transposes_left=True) == 2 * 4 * 5
