"""Stretch, crop and letterbox, worked out by hand; what TensorFlow does is in tests/integration/test_input.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from quantci.data.fit import Fit, in_grey
from quantci.errors import ConfigError
from quantci.records.input_config import InputConfig

PICTURE = np.random.RandomState(0).randint(1, 256, (50, 41, 3)).astype(np.uint8)


def fit(size: tuple[int, int], **config: Any) -> Fit:
    return Fit.of(InputConfig(**config), size)


@pytest.mark.parametrize(
    ("config", "key"),
    [
        ({"resize": "area"}, "resize"),
        ({"resize": "lanczos", "resize_library": "tensorflow"}, "resize"),
        ({"resize": "box", "resize_library": "opencv"}, "resize"),
        ({"resize_shorter": 40}, "resize_shorter"),
        ({"resize_shorter": 31, "fit": "crop"}, "resize_shorter"),
    ],
)
def test_words_that_do_not_go_together(config: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        fit((24, 32), **config)
    assert (caught.value.code, caught.value.where) == ("input-resize", f"input.{key}")


def test_crop_cuts_the_largest_middle_part_and_resizes_it() -> None:
    """Of 50 x 41 for 20 x 20: 41 x 41 from row int(9 / 2) = 4 on, as Keras' crop_to_aspect_ratio."""
    expected = np.asarray(Image.fromarray(PICTURE[4:45]).resize((20, 20), Image.Resampling.BILINEAR))
    assert np.array_equal(fit((20, 20), fit="crop").apply(PICTURE), expected)
    # For 10 x 30 the height is what is cut: int(41 * 10 / 30) = 13 rows from int(37 / 2) = 18 on.
    expected = np.asarray(Image.fromarray(PICTURE[18:31]).resize((30, 10), Image.Resampling.BILINEAR))
    assert np.array_equal(fit((10, 30), fit="crop").apply(PICTURE), expected)


@pytest.mark.parametrize("turned", [False, True])
def test_resize_and_centre_crop_as_torchvision_does(turned: bool) -> None:
    """Resize(32), CenterCrop(24): the longer side becomes int(32 * 50 / 41) = 39; cut from round(15 / 2) = 8 on."""
    picture = PICTURE.swapaxes(0, 1) if turned else PICTURE
    size = (39, 32) if turned else (32, 39)
    resized = np.asarray(Image.fromarray(np.ascontiguousarray(picture)).resize(size, Image.Resampling.BILINEAR))
    expected = resized[4:28, 8:32] if turned else resized[8:32, 4:28]
    assert np.array_equal(fit((24, 24), fit="crop", resize_shorter=32).apply(picture), expected)


@pytest.mark.parametrize("size", [(24, 24), (33, 24), (24, 33), (10, 47)])
def test_letterbox_as_pillow_pads(size: tuple[int, int]) -> None:
    expected = ImageOps.pad(Image.fromarray(PICTURE), (size[1], size[0]), Image.Resampling.BICUBIC, color=(1, 2, 3))
    found = fit(size, fit="letterbox", resize="bicubic", background=(1, 2, 3)).apply(PICTURE)
    assert np.array_equal(found, np.asarray(expected))


def test_letterbox_as_yolo_does() -> None:
    """20 x 41 for 32 x 32: by 32 / 41 to round(15.6) = 16 x 32, with 8 rows of 114 above and below."""
    found = fit((32, 32), fit="letterbox", resize_library="opencv", background=(114,)).apply(PICTURE[:20])
    assert (found[:8] == 114).all()
    assert (found[24:] == 114).all()
    assert not (found[8:24] == 114).all(axis=(1, 2)).any()


def test_a_grey_picture_gets_bars_of_grey() -> None:
    found = fit((8, 16), fit="letterbox", background=(255, 0, 0)).apply(np.full((8, 8), 9, np.uint8))
    assert found.tolist()[0] == [76] * 4 + [9] * 8 + [76] * 4  # 0.299 * 255 = 76.2
    assert in_grey((0, 255, 0)) == 150


def test_a_picture_of_the_right_size_stays_as_it_is() -> None:
    for library in ("pillow", "tensorflow", "opencv"):
        for kind in ("stretch", "crop", "letterbox"):
            assert np.array_equal(fit((50, 41), fit=kind, resize_library=library).apply(PICTURE), PICTURE)


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1)])
@pytest.mark.parametrize("kind", ["stretch", "crop", "letterbox"])
@pytest.mark.parametrize("library", ["pillow", "tensorflow", "opencv"])
def test_the_thinnest_pictures(shape: tuple[int, int], kind: str, library: str) -> None:
    found = fit((7, 5), fit=kind, resize_library=library).apply(np.full((*shape, 3), 50, np.uint8))
    assert found.shape == (7, 5, 3)
