"""Dice and brushes: everything random and everything drawn goes through here.

The pictures must have the same bytes on every machine and numpy version. So only operations that IEEE 754 rounds
correctly are used (+ - * / sqrt, comparisons, floor), sums are written out term by term, angles are rational points of
the unit circle instead of sin and cos, and random numbers are uniform ones of the frozen RandomState.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

SIZE = 64

Plane = NDArray[np.float64]  # [SIZE, SIZE]
Image = NDArray[np.float64]  # [SIZE, SIZE, 3], 0 is black, 1 is white, more is over-exposed
Colour = tuple[float, float, float]
T = TypeVar("T")

Y: Plane
X: Plane
Y, X = (axis + 0.5 for axis in np.indices((SIZE, SIZE)).astype(np.float64))


class Dice:
    """The random choices of one picture."""

    def __init__(self, seed: int) -> None:
        self._state = np.random.RandomState(seed)

    def between(self, low: float, high: float) -> float:
        """Return a number from low to just below high."""
        return low + (high - low) * float(self._state.random_sample())

    def chance(self, probability: float) -> bool:
        """Return True that often."""
        return float(self._state.random_sample()) < probability

    def count(self, low: int, high: int) -> int:
        """Return a whole number from low to high, both included."""
        return low + int(float(self._state.random_sample()) * (high - low + 1))

    def pick(self, options: Sequence[T]) -> T:
        """Return one of the options, each as likely as the others."""
        return options[self.count(0, len(options) - 1)]

    def grid(self, *shape: int) -> NDArray[np.float64]:
        """Return an array of numbers from 0 to just below 1."""
        return self._state.random_sample(shape)

    def shade(self, colour: Colour, spread: float) -> Colour:
        """Return the colour with each channel moved by up to spread."""
        red, green, blue = (max(0.0, channel + self.between(-spread, spread)) for channel in colour)
        return red, green, blue


def blend(first: Colour, second: Colour, share: float) -> Colour:
    """Return the colour that lies share of the way from the first to the second."""
    red, green, blue = (a + (b - a) * share for a, b in zip(first, second, strict=True))
    return red, green, blue


def paint(image: Image, mask: Plane, colour: Colour) -> None:
    """Cover the image with a colour where mask is 1."""
    image += (np.array(colour) - image) * mask[:, :, None]


def shine(image: Image, mask: Plane, colour: Colour) -> None:
    """Add light of a colour where mask is 1."""
    image += mask[:, :, None] * np.array(colour)


def inside(distance: Plane, pixels: float = 1.0) -> Plane:
    """Turn a signed distance (negative inside, in units of so many pixels) into coverage with a smooth edge."""
    return np.clip(0.5 - distance * pixels, 0.0, 1.0)


def disc(x: Plane, y: Plane, radius: float) -> Plane:
    """Return the distance to a disc around the origin."""
    away: Plane = np.sqrt(x * x + y * y)
    return away - radius


def box(x: Plane, y: Plane, half_width: float, half_height: float, corner: float = 0.0) -> Plane:
    """Return the distance to a box around the origin with rounded corners."""
    over_x = np.abs(x) - (half_width - corner)
    over_y = np.abs(y) - (half_height - corner)
    out_x, out_y = np.maximum(over_x, 0.0), np.maximum(over_y, 0.0)
    return disc(out_x, out_y, 0.0) + np.minimum(np.maximum(over_x, over_y), 0.0) - corner


def stroke(x: Plane, y: Plane, start: tuple[float, float], end: tuple[float, float], half_width: float) -> Plane:
    """Return the distance to a line with round ends."""
    along_x, along_y = end[0] - start[0], end[1] - start[1]
    from_x, from_y = x - start[0], y - start[1]
    share = np.clip((from_x * along_x + from_y * along_y) / (along_x * along_x + along_y * along_y), 0.0, 1.0)
    return disc(from_x - share * along_x, from_y - share * along_y, half_width)


def halo(x: Plane, y: Plane, radius: float) -> Plane:
    """Return light that falls off from 1 at the origin to 1/4 at the radius."""
    spread: Plane = 1.0 + (x * x + y * y) / (radius * radius)
    return 1.0 / (spread * spread)


def turn(half_tangent: float) -> tuple[float, float]:
    """Return (cos, sin) of the angle whose half has this tangent: exact without calling libm."""
    square = half_tangent * half_tangent
    return (1.0 - square) / (1.0 + square), 2.0 * half_tangent / (1.0 + square)


def clouds(dice: Dice, cells: int) -> Plane:
    """Return smooth random blotches of 0..1, so many across the picture."""
    knots = dice.grid(cells + 1, cells + 1)
    position = (np.arange(SIZE, dtype=np.float64) + 0.5) * (cells / SIZE)
    low = np.floor(position).astype(np.intp)
    share = position - low
    share = share * share * (3.0 - 2.0 * share)
    rows: NDArray[np.float64] = knots[low] + (knots[low + 1] - knots[low]) * share[:, None]
    left, right = rows[:, low], rows[:, low + 1]
    return left + (right - left) * share


def blur(image: Image, passes: int) -> Image:
    """Smooth with (1 2 1)/4 in both directions, so many times."""
    for _ in range(passes):
        wide = np.concatenate((image[:1], image, image[-1:]), axis=0)
        image = (wide[:-2] + wide[2:] + 2.0 * wide[1:-1]) * 0.25
        wide = np.concatenate((image[:, :1], image, image[:, -1:]), axis=1)
        image = (wide[:, :-2] + wide[:, 2:] + 2.0 * wide[:, 1:-1]) * 0.25
    return image
