"""Resizing without antialiasing: against OpenCV's own results; TensorFlow's are in tests/integration/test_input.py."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from quantci.data.resize_opencv import resize_opencv
from quantci.data.resize_tensorflow import resize_tensorflow

# What cv2.resize of opencv-python-headless 4.14.0 (x86-64, with IPP) gives; 5.0.0 gives the same. Named by method, size
# before and after, and channels; what went in is RandomState(height * width + channels).
GOLDEN = np.load(Path(__file__).with_name("opencv.npz"))


@pytest.mark.parametrize("name", GOLDEN.files)
def test_what_opencv_gives(name: str) -> None:
    method, before, after, channels = name.split("-")
    (height, width), size = ([int(side) for side in one.split("x")] for one in (before, after))
    shape = (height, width, 3) if channels == "3" else (height, width)
    pixels = np.random.RandomState(height * width + int(channels)).randint(0, 256, shape).astype(np.uint8)
    found = resize_opencv(pixels, (size[0], size[1]), method)
    assert found.dtype == np.uint8
    difference = np.abs(found.astype(int) - GOLDEN[name])
    # Bicubic alone is rounded by other instructions on other processors: OpenCV itself differs by so much.
    assert difference.max() <= (method == "bicubic")
    assert (difference > 0).mean() < 0.1


RAMP = np.arange(0, 160, 10, dtype=np.uint8).reshape(4, 4)  # 0 10 20 30 / 40 ... / 80 ... / 120 ... 150


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        # From 4 to 2, a new pixel's middle lies between the old ones 0 and 1, or 2 and 3: both count half.
        ("bilinear", [[25, 45], [105, 125]]),
        ("area", [[25, 45], [105, 125]]),
        ("nearest", [[50, 70], [130, 150]]),  # (0 + 0.5) * 2 = 1, (1 + 0.5) * 2 = 3
    ],
)
def test_halving_by_hand_as_tensorflow_does(method: str, expected: list[list[float]]) -> None:
    assert resize_tensorflow(RAMP, (2, 2), method).tolist() == expected


def test_nearest_of_opencv_takes_the_corner_and_that_of_tensorflow_the_middle() -> None:
    assert resize_opencv(RAMP, (2, 2), "nearest").tolist() == [[0, 20], [80, 100]]
    assert resize_tensorflow(RAMP, (2, 2), "nearest").tolist() == [[50, 70], [130, 150]]


def test_cubic_by_hand() -> None:
    """Halfway between two of four: TensorFlow's weights are -1, 9, 9, -1 of 16, OpenCV's -3, 19, 19, -3 of 32."""
    line = np.array([[0, 0, 64, 255, 0, 0]], np.uint8)
    assert resize_tensorflow(line, (1, 3), "bicubic")[0, 1] == (9 * 64 + 9 * 255) / 16
    assert resize_opencv(line, (1, 3), "bicubic")[0, 1] == round((19 * 64 + 19 * 255) / 32)


def test_tensorflow_keeps_fractions_and_opencv_rounds() -> None:
    line = np.array([[0, 1, 2, 3]], np.uint8)
    assert resize_tensorflow(line, (1, 2), "bilinear").tolist() == [[0.5, 2.5]]
    assert resize_opencv(line, (1, 2), "bilinear").tolist() == [[1, 3]]
