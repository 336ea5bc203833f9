"""The signal head: where it hangs in the picture, its housing, its lamps and their light."""

from dataclasses import dataclass

import numpy as np

from backdrop import lit
from canvas import SIZE, Colour, Dice, Image, Plane, X, Y, blend, box, disc, halo, inside, paint, shine, stroke, turn

LENS_RADIUS = 0.41  # in units of the distance between two lamps
LENSES: tuple[Colour, ...] = ((1.0, 0.10, 0.06), (1.0, 0.62, 0.05), (0.08, 0.95, 0.52))  # red, yellow, green
HOUSINGS: tuple[Colour, ...] = ((0.07, 0.07, 0.08), (0.10, 0.13, 0.11), (0.20, 0.21, 0.22), (0.62, 0.48, 0.08))
ARROW_STROKES = (((0.0, 0.62), (0.0, -0.55)), ((0.0, -0.62), (-0.42, -0.12)), ((0.0, -0.62), (0.42, -0.12)))


@dataclass(frozen=True)
class Aspect:
    """What the head shows: the lamp that is lit (0 red, 1 yellow, 2 green, None for off) and its arrow, if any."""

    lamp: int | None
    arrow: str | None = None


@dataclass(frozen=True)
class Head:
    """A head of one or three lamps in its own coordinates: the origin in the middle, one unit from lamp to lamp."""

    x: Plane
    y: Plane
    pixels: float  # a unit in the picture
    is_horizontal: bool
    lamps: tuple[int, ...]

    def at_lamp(self, lamp: int) -> tuple[Plane, Plane]:
        """Return the coordinates around the middle of a lamp."""
        offset = self.lamps.index(lamp) - (len(self.lamps) - 1) * 0.5
        return (self.x - offset, self.y) if self.is_horizontal else (self.x, self.y - offset)


def hang(dice: Dice, aspect: Aspect, *, is_distant: bool, is_angled: bool) -> Head:
    """Choose the place, size and angle of the head so that the lamp that matters stays in the picture."""
    pixels = dice.between(9.0, 13.0) if is_distant else dice.between(13.0, 22.0)
    is_single = aspect.arrow is not None and dice.chance(0.2)
    lamps = (aspect.lamp,) if is_single and aspect.lamp is not None else (0, 1, 2)
    is_horizontal = dice.chance(0.22)
    shift = 0.0 if aspect.lamp is None or is_single else (aspect.lamp - 1) * pixels
    reach = 10.0 if is_distant else 5.0
    # With the head centred, off-centre lamps lie `shift` away: allow a partial head, but not a lost lamp.
    middle = [SIZE * 0.5 + dice.between(-reach, reach) for _ in range(2)]
    along = 0 if is_horizontal else 1
    margin = pixels * LENS_RADIUS
    middle[along] = min(max(middle[along] + shift * dice.between(-0.5, 0.2) + shift, margin), SIZE - margin) - shift
    cosine, sine = turn(dice.between(-0.16, 0.16) if is_angled else dice.between(-0.03, 0.03))
    x, y = X - middle[0], Y - middle[1]
    x, y = (x * cosine + y * sine) / pixels, (y * cosine - x * sine) / pixels
    if is_angled:
        x, y = x + dice.between(-0.25, 0.25) * y, y + dice.between(-0.25, 0.25) * x
        depth = 1.0 + dice.between(-0.08, 0.08) * x + dice.between(-0.08, 0.08) * y
        depth = np.maximum(depth, 0.3)
        x, y = x / (depth * dice.between(0.6, 1.0)), y / depth
    return Head(x, y, pixels, is_horizontal, lamps)


def draw(image: Image, dice: Dice, head: Head, aspect: Aspect, lighting: str, *, has_reflection: bool) -> None:
    """Draw the housing and all of its lamps."""
    housing = dice.shade(dice.pick(HOUSINGS), 0.03)
    _draw_housing(image, dice, head, housing, lighting)
    colours = tuple(dice.shade(colour, 0.06) for colour in LENSES)
    sun = (dice.between(-0.2, 0.2), dice.between(-0.2, 0.1))
    for lamp in head.lamps:
        x, y = head.at_lamp(lamp)
        x, y = x / LENS_RADIUS, y / LENS_RADIUS
        pixels = head.pixels * LENS_RADIUS
        lens = inside(disc(x, y, 1.0), pixels)
        # An unlit lens is dark tinted glass; an arrow's is black all over but for the arrow.
        tint = 0.04 if lamp == aspect.lamp and aspect.arrow else dice.between(0.10, 0.30)
        glass = blend((0.05, 0.05, 0.05), colours[lamp], tint)
        paint(image, lens, lit(glass, lighting))
        if lamp == aspect.lamp:
            _light_up(image, dice, x, y, pixels, colours[lamp], aspect.arrow, lighting)
        if has_reflection:
            _reflect_sun(image, dice, x - sun[0], y - sun[1], lens, colours[lamp], is_lit=lamp == aspect.lamp)
        _draw_visor(image, x, y, pixels, lit(blend(housing, (0.0, 0.0, 0.0), 0.4), lighting))


def _draw_housing(image: Image, dice: Dice, head: Head, colour: Colour, lighting: str) -> None:
    half_long = 0.5 * len(head.lamps) + 0.06
    half_width, half_height = (half_long, 0.54) if head.is_horizontal else (0.54, half_long)
    pole = dice.pick(("none", "below", "above", "side"))
    if pole != "none":
        end = {"below": (0.0, 12.0), "above": (0.0, -12.0), "side": (12.0, -0.4)}[pole]
        bar = stroke(head.x, head.y, (0.0, 0.0), end, dice.between(0.08, 0.16))
        paint(image, inside(bar, head.pixels), lit((0.42, 0.43, 0.44), lighting))
    if dice.chance(0.4):
        rim = dice.between(0.12, 0.35)
        board = box(head.x, head.y, half_width + rim, half_height + rim, 0.12)
        border = dice.pick(((0.85, 0.85, 0.82), (0.80, 0.66, 0.10), (0.06, 0.06, 0.06)))
        paint(image, inside(board, head.pixels), lit(border, lighting))
        paint(image, inside(board + 0.07, head.pixels), lit((0.06, 0.06, 0.07), lighting))
    body = inside(box(head.x, head.y, half_width, half_height, 0.10), head.pixels)
    paint(image, body, lit(colour, lighting))
    shade = np.clip(0.5 + dice.between(-0.8, 0.8) * head.x, 0.0, 1.0)
    paint(image, body * shade * 0.3, lit(blend(colour, (1.0, 1.0, 1.0), 0.25), lighting))


def _light_up(
    image: Image, dice: Dice, x: Plane, y: Plane, pixels: float, colour: Colour, arrow: str | None, lighting: str
) -> None:
    """Light a lamp: its disc or arrow, an over-exposed core, and the glow around it."""
    strength = dice.between(0.6, 1.0) if lighting == "daylight" else dice.between(0.85, 1.15)
    if arrow is None:
        shape = inside(disc(x, y, 0.94), pixels) * (0.75 + 0.25 * halo(x, y, 0.9))
    else:
        shape = inside(_arrow(x, y, arrow), pixels)
    paint(image, shape * min(strength, 1.0), colour)
    core = {"daylight": 0.12, "dawn": 0.2, "night": 0.35}[lighting] * dice.between(0.2, 1.6)
    shine(image, shape * core, (1.0, 1.0, 0.9))
    glow = {"daylight": 0.06, "dawn": 0.16, "night": 0.30}[lighting] * dice.between(0.4, 1.5)
    shine(image, halo(x, y, 1.6) * glow * (0.6 if arrow else 1.0), colour)


def _arrow(x: Plane, y: Plane, direction: str) -> Plane:
    if direction == "left":
        x, y = -y, x
    elif direction == "right":
        x, y = y, -x
    first, second, third = (stroke(x, y, start, end, 0.17) for start, end in ARROW_STROKES)
    return np.minimum(first, np.minimum(second, third))


def _reflect_sun(image: Image, dice: Dice, x: Plane, y: Plane, lens: Plane, colour: Colour, *, is_lit: bool) -> None:
    """Let a low sun stand in the lens: an unlit lamp seems to glow, a lit one looks pale."""
    strength = dice.between(0.1, 0.3) if is_lit else dice.between(0.15, 0.6)
    phantom = blend(colour, (1.0, 0.95, 0.85), dice.between(0.3, 0.6))
    paint(image, lens * halo(x, y, 0.8) * strength, phantom)
    if dice.chance(0.6):
        shine(image, lens * halo(x, y + 0.1, 0.25) * dice.between(0.3, 0.9), (1.0, 0.96, 0.88))


def _draw_visor(image: Image, x: Plane, y: Plane, pixels: float, colour: Colour) -> None:
    """Draw the hood: a crescent over the upper part of the lens."""
    ring = np.maximum(disc(x, y, 1.12), -disc(x, y - 0.24, 1.12))
    paint(image, inside(ring, pixels) * inside(y - 0.3, pixels), colour)
