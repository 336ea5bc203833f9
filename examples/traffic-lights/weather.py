"""What comes between the signal head and the sensor: branches, cars, rain, glare, noise."""

import numpy as np
from numpy.typing import NDArray

from backdrop import LEAVES, lit
from canvas import SIZE, Colour, Dice, Image, X, Y, blend, blur, box, clouds, disc, halo, inside, paint, shine, stroke

VEHICLES: tuple[Colour, ...] = ((0.80, 0.80, 0.80), (0.12, 0.14, 0.18), (0.55, 0.10, 0.10), (0.20, 0.34, 0.56))


def occlude(image: Image, dice: Dice, lighting: str) -> None:
    """Hide a part of the picture behind a branch or a vehicle."""
    if dice.chance(0.65):
        _draw_branch(image, dice, lighting)
    else:
        _draw_vehicle(image, dice, lighting)


def _draw_branch(image: Image, dice: Dice, lighting: str) -> None:
    green = lit(dice.shade(dice.pick(LEAVES), 0.05), lighting)
    for _ in range(dice.count(1, 3)):
        start = (dice.pick((-4.0, SIZE + 4.0)), dice.between(0.0, SIZE))
        end = (dice.between(18.0, 46.0), dice.between(8.0, 56.0))
        paint(image, inside(stroke(X, Y, start, end, dice.between(0.5, 1.6))), lit((0.22, 0.16, 0.11), lighting))
        for _ in range(dice.count(4, 9)):
            share = dice.between(0.2, 1.05)
            x = X - (start[0] + (end[0] - start[0]) * share + dice.between(-5.0, 5.0))
            y = Y - (start[1] + (end[1] - start[1]) * share + dice.between(-5.0, 5.0))
            slant = dice.between(-0.8, 0.8)
            leaf = disc(x + slant * y, (y - slant * x) * 1.7, dice.between(2.0, 4.5))
            paint(image, inside(leaf), blend(green, (0.0, 0.0, 0.0), dice.between(0.0, 0.5)))


def _draw_vehicle(image: Image, dice: Dice, lighting: str) -> None:
    colour = lit(dice.shade(dice.pick(VEHICLES), 0.05), lighting)
    depth = dice.between(12.0, 26.0)
    if dice.chance(0.5):  # a lorry's edge from one side
        x, y = X - dice.pick((0.0, SIZE)), Y - SIZE
        roof = box(x, y, depth * 0.9, dice.between(30.0, 70.0), 3.0)
    else:  # a roof from below
        x, y = X - dice.between(10.0, 54.0), Y - SIZE
        roof = box(x, y, dice.between(24.0, 50.0), depth * 0.8, 6.0)
    body = inside(roof)
    paint(image, body, colour)
    paint(image, body * inside(np.abs(roof + 5.0) - 1.0), blend(colour, (0.0, 0.0, 0.0), 0.5))
    paint(image, body * np.clip((Y - 40.0) / 60.0, 0.0, 1.0), (0.03, 0.03, 0.04))


def rain(image: Image, dice: Dice, lighting: str) -> Image:
    """Grey the picture, smear it, and draw streaks and drops on the windscreen."""
    fog = lit((0.62, 0.65, 0.68), lighting)
    paint(image, np.full((SIZE, SIZE), dice.between(0.15, 0.40)), fog)
    slant = dice.between(-0.35, 0.35)
    for _ in range(dice.count(8, 22)):
        left, top, length = dice.between(0.0, SIZE), dice.between(-6.0, SIZE), dice.between(5.0, 14.0)
        streak = stroke(X, Y, (left, top), (left + slant * length, top + length), 0.25)
        paint(image, inside(streak) * dice.between(0.1, 0.35), blend(fog, (1.0, 1.0, 1.0), 0.5))
    smeared = blur(image, 6)
    drops = np.zeros((SIZE, SIZE))
    for _ in range(dice.count(2, 7)):
        x, y = X - dice.between(0.0, SIZE), Y - dice.between(0.0, SIZE)
        drops = np.maximum(drops, inside(disc(x, y * 0.8, dice.between(2.0, 6.0))))
    return image + (smeared * 1.06 - image) * drops[:, :, None]


def glare(image: Image, dice: Dice, lighting: str) -> None:
    """Wash the colours out with a light that shines into the lens."""
    x, y = X - dice.between(-10.0, SIZE + 10.0), Y - dice.between(-16.0, 40.0)
    warm = (1.0, 0.78, 0.55) if lighting == "dawn" else (1.0, 0.96, 0.90)
    veil = halo(x, y, dice.between(24.0, 50.0)) * dice.between(0.50, 0.80)
    paint(image, veil, warm)
    shine(image, halo(x, y, dice.between(3.0, 8.0)), warm)
    if dice.chance(0.4):
        streak = np.abs(x * dice.between(-0.6, 0.6) - y)
        shine(image, inside(streak - 1.0) * 0.25, warm)


def cast(image: Image, dice: Dice, lighting: str) -> Image:
    """Shift the hues as a camera does whose white balance lags behind the light."""
    warmth = dice.between(0.05, 0.30) if lighting == "dawn" else dice.between(-0.06, 0.06)
    magenta = dice.between(-0.06, 0.06)
    gain = np.array((1.0 + warmth, 1.0 - magenta, 1.0 - warmth))
    mixed: Image = image * gain
    grey = (mixed[:, :, 0] + mixed[:, :, 1] + mixed[:, :, 2]) / 3.0
    faded = dice.between(0.0, 0.25)
    return mixed + (grey[:, :, None] - mixed) * faded


def expose(image: Image, dice: Dice, lighting: str) -> NDArray[np.uint8]:
    """Turn light into pixels: exposure, contrast, sensor noise, eight bits."""
    gain = dice.between(0.75, 1.25)
    lift = dice.between(0.0, 0.06)
    noise = dice.between(0.04, 0.12) if lighting == "night" else dice.between(0.01, 0.06)
    shape = (SIZE, SIZE, 3)
    grain = (dice.grid(*shape) + dice.grid(*shape) + dice.grid(*shape) - 1.5) * noise
    blotch = ((clouds(dice, 16) - 0.5) * noise)[:, :, None]
    light = np.clip(image * gain + lift + grain + blotch, 0.0, 1.0)
    return np.floor(light * 255.0 + 0.5).astype(np.uint8)
