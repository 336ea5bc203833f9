"""The usual preprocessings are what their libraries' sources say, and each is a valid [input]."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from quantci.data.preprocess import Preprocessing
from quantci.probe.variants import as_configured, changes, sizes_of, values_of
from quantci.records.input_config import InputConfig

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quantci.probe.variants import Variant

PLAIN = InputConfig()


def by_name(variants: Iterable[Variant]) -> dict[str, InputConfig]:
    found = {variant.name: variant.input for variant in variants}
    assert len(found) > 1
    return found


@pytest.mark.parametrize(("channels", "number"), [(3, 12), (1, 5), (0, 4)])
def test_each_is_a_valid_input(channels: int, number: int) -> None:
    scales = list(values_of(PLAIN, channels))
    assert len(scales) == number
    for variant in [*scales, *sizes_of(scales[0])]:
        Preprocessing.for_model(variant.input, [1, 8, 8, channels] if channels else [1, 8])


def test_keras_caffe_is_bgr_minus_its_means() -> None:
    """keras/src/applications/imagenet_utils.py: x[..., ::-1], then minus [103.939, 116.779, 123.68]; no division."""
    found = by_name(values_of(PLAIN, 3))["ImageNet's means (Keras' caffe), BGR"]
    assert (found.color, found.mean, found.std) == ("bgr", (103.939, 116.779, 123.68), (1.0,))


def test_torchvision_is_its_means_times_255() -> None:
    found = by_name(values_of(PLAIN, 3))["ImageNet's means (torchvision, Keras' torch)"]
    assert found.mean == pytest.approx([255 * mean for mean in (0.485, 0.456, 0.406)])
    assert found.std == pytest.approx([255 * std for std in (0.229, 0.224, 0.225)])


def test_what_is_not_about_it_stays() -> None:
    configured = InputConfig(color="bgr", exif="ignore", resize="bicubic")
    found = by_name(values_of(configured, 3))
    assert {value.exif for value in found.values()} == {"ignore"}
    assert {value.resize for value in found.values()} == {"bicubic"}
    assert found["0..1"].color == "auto"
    assert found["0..1, BGR"].color == "bgr"


def test_changes_are_the_keys_that_the_new_way_reads() -> None:
    raw = by_name(values_of(InputConfig(mean=(1.0,), std=(2.0,)), 0))
    assert changes(InputConfig(mean=(1.0,), std=(2.0,)), raw["raw 0..255"]) == {"preprocess": "in-model"}
    assert changes(PLAIN, by_name(values_of(PLAIN, 3))["-1..1, BGR"]) == {
        "color": "bgr",
        "mean": (127.5,),
        "std": (127.5,),
    }
    assert changes(PLAIN, as_configured(PLAIN).input) == {}
    shorter = InputConfig(fit="crop", resize_shorter=20)
    sized = by_name(sizes_of(as_configured(shorter)))["as configured; Pillow, middle cut out"]
    assert changes(shorter, sized) == {"resize_shorter": None}
