"""One picture: a traffic light of a class, in conditions that its seed decides."""

import numpy as np
from numpy.typing import NDArray

import backdrop
import head
import weather
from canvas import Dice, blur
from head import Aspect

CLASSES = ("red", "yellow", "green", "off", "left", "straight", "right")
LIGHTINGS = ("daylight", "daylight", "dawn", "night")  # daylight is twice as likely
CHANCES = {"rain": 0.16, "glare": 0.16, "reflection": 0.20, "occlusion": 0.18, "distance": 0.20, "angle": 0.25}


def render(class_index: int, seed: int) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Return the [64, 64, 3] pixels and the tags of the picture with this seed: a lighting, then other conditions."""
    dice = Dice(seed)
    lighting = dice.pick(LIGHTINGS)
    rolls = {name: dice.chance(chance) for name, chance in CHANCES.items()}
    rolls["reflection"] = rolls["reflection"] and lighting != "night"  # it is the sun that is reflected
    aspect = _aspect(CLASSES[class_index], dice)

    image = backdrop.draw(dice, lighting)
    place = head.hang(dice, aspect, is_distant=rolls["distance"], is_angled=rolls["angle"])
    head.draw(image, dice, place, aspect, lighting, has_reflection=rolls["reflection"])
    if rolls["occlusion"]:
        weather.occlude(image, dice, lighting)
    if rolls["rain"]:
        image = weather.rain(image, dice, lighting)
    image = blur(image, dice.count(1, 2) if rolls["distance"] else dice.count(0, 2))
    if rolls["glare"]:
        weather.glare(image, dice, lighting)
    image = weather.cast(image, dice, lighting)
    pixels = weather.expose(image, dice, lighting)
    return pixels, (lighting, *(name for name, is_on in rolls.items() if is_on))


def _aspect(label: str, dice: Dice) -> Aspect:
    if label == "off":
        return Aspect(lamp=None)
    if label in ("left", "straight", "right"):
        return Aspect(lamp=dice.pick((0, 1, 2, 2, 2)), arrow=label)  # most arrows one meets are green
    return Aspect(lamp=("red", "yellow", "green").index(label))
