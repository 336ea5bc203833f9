"""What stands behind the signal head: sky, houses, trees, wires, lights of the street."""

import numpy as np

from canvas import SIZE, Colour, Dice, Image, X, Y, blend, blur, box, clouds, disc, halo, inside, paint, shine, stroke

SKIES: dict[str, tuple[tuple[Colour, Colour], ...]] = {  # colours at the top and at the horizon
    "daylight": (
        ((0.36, 0.56, 0.86), (0.74, 0.84, 0.94)),
        ((0.66, 0.70, 0.74), (0.82, 0.84, 0.85)),
        ((0.50, 0.62, 0.78), (0.88, 0.90, 0.92)),
    ),
    "dawn": (
        ((0.30, 0.32, 0.50), (0.95, 0.60, 0.35)),
        ((0.46, 0.38, 0.48), (0.92, 0.72, 0.50)),
        ((0.22, 0.26, 0.42), (0.80, 0.48, 0.42)),
    ),
    "night": (
        ((0.02, 0.03, 0.06), (0.10, 0.09, 0.10)),
        ((0.04, 0.04, 0.07), (0.16, 0.12, 0.08)),
    ),
}
AMBIENT: dict[str, Colour] = {"daylight": (1.0, 1.0, 1.0), "dawn": (0.72, 0.56, 0.50), "night": (0.16, 0.15, 0.17)}
WALLS: tuple[Colour, ...] = ((0.55, 0.50, 0.46), (0.62, 0.44, 0.36), (0.70, 0.68, 0.64), (0.40, 0.42, 0.46))
LEAVES: tuple[Colour, ...] = ((0.20, 0.32, 0.14), (0.30, 0.36, 0.16), (0.36, 0.28, 0.14))
STREET_LIGHTS: tuple[Colour, ...] = ((1.0, 0.72, 0.36), (1.0, 0.90, 0.75), (0.95, 0.10, 0.06), (1.0, 0.5, 0.1))


def lit(colour: Colour, lighting: str) -> Colour:
    """Return how a surface of this colour looks in the light of that hour."""
    red, green, blue = (a * b for a, b in zip(colour, AMBIENT[lighting], strict=True))
    return red, green, blue


def draw(dice: Dice, lighting: str) -> Image:
    """Return a fresh picture of a street without its signal head."""
    image = _sky(dice, lighting)
    horizon = dice.between(10.0, 80.0)
    if dice.chance(0.65):
        for _ in range(dice.count(1, 3)):
            _house(image, dice, lighting, horizon)
    if dice.chance(0.5):
        _trees(image, dice, lighting, horizon)
    if dice.chance(0.4):
        _wires(image, dice, lighting)
    image = blur(image, dice.count(0, 3))
    for _ in range(dice.count(0, 5) if lighting == "night" else dice.count(0, 2)):
        _street_light(image, dice, lighting)
    return image


def _sky(dice: Dice, lighting: str) -> Image:
    top, bottom = dice.pick(SKIES[lighting])
    top, bottom = dice.shade(top, 0.05), dice.shade(bottom, 0.05)
    share = np.clip((Y - dice.between(-20.0, 10.0)) / dice.between(50.0, 90.0), 0.0, 1.0)
    image = np.zeros((SIZE, SIZE, 3))
    paint(image, np.ones((SIZE, SIZE)), top)
    paint(image, share, bottom)
    veil = clouds(dice, 3) * 0.6 + clouds(dice, 8) * 0.4
    paint(image, np.clip(veil * 2.0 - 0.9, 0.0, 1.0) * dice.between(0.0, 0.6), lit((0.93, 0.93, 0.94), lighting))
    return image


def _house(image: Image, dice: Dice, lighting: str, horizon: float) -> None:
    wall = lit(dice.shade(dice.pick(WALLS), 0.08), lighting)
    half_width, top = dice.between(8.0, 26.0), horizon - dice.between(0.0, 30.0)
    x, y = X - dice.between(0.0, SIZE), Y - top
    body = inside(box(x, y - SIZE, half_width, SIZE))
    paint(image, body, wall)
    step_x, step_y = dice.between(5.0, 10.0), dice.between(6.0, 12.0)
    column, row = np.floor(x / step_x), np.floor(y / step_y)
    pane = inside(box(x - (column + 0.5) * step_x, y - (row + 0.5) * step_y, step_x * 0.3, step_y * 0.32))
    paint(image, pane * body, lit(dice.shade((0.24, 0.27, 0.32), 0.1), lighting))
    if lighting != "daylight":
        checker = column * 3.0 + row * 5.0 + dice.count(0, 6)
        bright = checker - 7.0 * np.floor(checker / 7.0) < dice.count(1, 4)
        paint(image, pane * body * bright, dice.shade((0.85, 0.66, 0.36), 0.15))


def _trees(image: Image, dice: Dice, lighting: str, horizon: float) -> None:
    edge = horizon + 30.0 * (clouds(dice, 4) - 0.5) + 14.0 * (clouds(dice, 14) - 0.5)
    crown = inside(edge - Y) * np.clip(clouds(dice, 10) * 3.0 - 0.3, 0.0, 1.0)
    green = lit(dice.pick(LEAVES), lighting)
    paint(image, crown, blend(green, (0.0, 0.0, 0.0), 0.4))
    paint(image, crown * clouds(dice, 20), blend(green, (1.0, 1.0, 0.8), 0.08))


def _wires(image: Image, dice: Dice, lighting: str) -> None:
    for _ in range(dice.count(1, 3)):
        start, end = (-2.0, dice.between(0.0, SIZE)), (SIZE + 2.0, dice.between(0.0, SIZE))
        paint(image, inside(stroke(X, Y, start, end, dice.between(0.2, 0.8))), lit((0.15, 0.15, 0.16), lighting))


def _street_light(image: Image, dice: Dice, lighting: str) -> None:
    """Draw a lamp, or the two tail lights of a car: lights that are no signal."""
    colour, strength = dice.pick(STREET_LIGHTS), dice.between(0.4, 1.0)
    gap = dice.between(6.0, 16.0) if colour[1] < 0.3 else 0.0
    height = dice.between(SIZE * 0.6, SIZE) if gap else dice.between(0.0, SIZE)  # cars stay on the ground
    x, y, radius = X - dice.between(0.0, SIZE), Y - height, dice.between(0.6, 2.2)
    for side in (-1.0, 1.0) if gap else (0.0,):
        moved = x - side * gap * 0.5
        paint(image, inside(disc(moved, y, radius)) * strength, colour)
        if lighting != "daylight":
            shine(image, halo(moved, y, radius * 2.0) * 0.5 * strength, colour)
