"""Ranges of weight channels, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from tests.models import tiny_float_cnn

from quantci.diagnose.weights import Spread, spread_of, weight_channels
from quantci.tflite.model import Model


def test_the_spread_of_four_channels() -> None:
    weights = np.array([[1, -2], [0.5, 0.1], [-8, 3], [4, 4]], np.float32)  # ranges 2, 0.5, 8, 4; median 3
    assert spread_of(weights, 0) == pytest.approx((4, 8 / 3, 16.0, 2))
    assert spread_of(weights.T, 1) == spread_of(weights, 0)


def test_channels_that_were_switched_off_are_left_out() -> None:
    assert spread_of(np.array([[0], [1e-30], [2], [-2]], np.float32), 0) == Spread(2, 1.0, 1.0, 2)
    assert spread_of(np.zeros((3, 2), np.float32), 0) is None


def test_each_kind_of_layer_has_its_own_channel_axis() -> None:
    found = weight_channels(Model(tiny_float_cnn(0), "m"), {0: True, 3: False})
    assert [(entry.op, entry.channels, entry.is_per_channel) for entry in found] == [
        ("CONV_2D", 8, True),
        ("DEPTHWISE_CONV_2D", 8, None),
        ("FULLY_CONNECTED", 4, False),
    ]
    assert [entry.name for entry in found] == ["conv", "depthwise", "dense"]
