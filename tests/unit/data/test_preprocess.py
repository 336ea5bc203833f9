from __future__ import annotations

import hashlib
import pickle
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from PIL import Image
from tests.truths import of
from tests.unit.data.images import ARROW, gradient, save

from quantci.data import preprocess
from quantci.data.image import DecodedImage, Decoding, decode_image
from quantci.data.preprocess import Preprocessing
from quantci.data.sample import Sample
from quantci.errors import ConfigError, DataRejected, ModelRejected, QuantciError
from quantci.records.dataset import ImageCounts
from quantci.records.input_config import InputConfig

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from quantci.records.input_config import Resize

RESIZES: tuple[Resize, ...] = ("nearest", "box", "bilinear", "hamming", "bicubic", "lanczos")


def sample(path: Path, window: tuple[int, int] | None = None) -> Sample:
    return Sample(path.name, path, of(0), (), path.name, window)


def raised(call: Callable[[], object]) -> QuantciError:
    with pytest.raises(QuantciError) as caught:
        call()
    return caught.value


# Configuration against model


@pytest.mark.parametrize(
    ("config", "shape", "code", "where"),
    [
        (InputConfig(width=96), [1, 32, 32, 3], "input-size", "input.width"),
        (InputConfig(height=96), [1, 32, 32, 3], "input-size", "input.height"),
        (InputConfig(height=96), [1, 490], "input-size", "input.height"),
        (InputConfig(shape=(49, 10)), [1, 500], "input-size", "input.shape"),
        (InputConfig(color="grey"), [1, 32, 32, 3], "input-color", "input.color"),
        (InputConfig(color="rgb"), [1, 32, 32, 1], "input-color", "input.color"),
        (InputConfig(color="rgb"), [1, 490], "input-color", "input.color"),
        (InputConfig(color="bgr"), [1, 32, 32, 1], "input-color", "input.color"),
        (InputConfig(color="rgb"), [1, 3, 32, 32], "input-color", "input.color"),
        (InputConfig(color="rgb", layout="nchw"), [1, 32, 32, 3], "input-color", "input.color"),
        (InputConfig(layout="nchw"), [1, 490], "input-size", "input.layout"),
        (InputConfig(width=24, layout="nchw"), [1, 3, 24, 32], "input-size", "input.width"),
        (InputConfig(background=(1, 2)), [1, 32, 32, 3], "input-color", "input.background"),
        (InputConfig(resize="area"), [1, 32, 32, 3], "input-resize", "input.resize"),
        (InputConfig(fit="crop", resize_shorter=16), [1, 32, 32, 3], "input-resize", "input.resize_shorter"),
        (InputConfig(mean=(1.0, 2.0), layout="nchw"), [1, 3, 32, 2], "input-normalization", "input.mean"),
        (InputConfig(mean=(1.0, 2.0)), [1, 32, 32, 3], "input-normalization", "input.mean"),
        (InputConfig(std=(1.0, 2.0)), [1, 32, 32, 3], "input-normalization", "input.std"),
        (InputConfig(std=(0.0,)), [1, 32, 32, 3], "input-normalization", "input.std"),
        (InputConfig(std=(1e-60,)), [1, 32, 32, 3], "input-normalization", "input.std"),
        (InputConfig(std=(1.0, float("nan"), 1.0)), [1, 32, 32, 3], "input-normalization", "input.std"),
        (InputConfig(mean=(float("inf"),)), [1, 32, 32, 3], "input-normalization", "input.mean"),
        (InputConfig(layout="nchw"), [1, 32, 32, 3], "input-size", "input.layout"),
        (InputConfig(mean=(1e60,)), [1, 32, 32, 3], "input-normalization", "input.mean"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_a_configuration_that_does_not_fit_the_model(
    config: InputConfig, shape: list[int], code: str, where: str
) -> None:
    fault = raised(lambda: Preprocessing.for_model(config, shape))
    assert isinstance(fault, ConfigError)
    assert (fault.code, fault.where) == (code, where)


@pytest.mark.parametrize("shape", [[2, 32, 32, 3], [1, -1, 32, 3], [1, 0], [1], []])
def test_a_model_without_a_fixed_shape_of_one_sample(shape: list[int]) -> None:
    fault = raised(lambda: Preprocessing.for_model(InputConfig(), shape))
    assert isinstance(fault, ModelRejected)


def test_what_fits_is_accepted_and_picklable() -> None:
    config = InputConfig(width=32, height=24, color="rgb", mean=(1.0, 2.0, 3.0), std=(2.0,), shape=(24, 32, 3))
    preprocessing = Preprocessing.for_model(config, np.array([-1, 24, 32, 3]).tolist())
    assert preprocessing.shape == (1, 24, 32, 3)
    assert pickle.loads(pickle.dumps(preprocessing)) == preprocessing


def test_statistics_are_not_looked_at_when_the_graph_normalizes() -> None:
    config = InputConfig(preprocess="in-model", std=(0.0,))
    values = np.array([0, 7, 255], np.uint8)
    assert Preprocessing.for_model(config, [1, 3]).normalization.normalize(values).tolist() == [0.0, 7.0, 255.0]


# Normalization and its table

floats = st.floats(-500, 500, width=32)
stds = st.floats(0.0078125, 500, width=32)


@given(st.lists(floats, min_size=3, max_size=3), st.lists(stds, min_size=3, max_size=3))
def test_normalize_rounds_each_step_to_float32(mean: list[float], std: list[float]) -> None:
    """In plain C: float y = ((float)x - mean) / std; done here one value at a time."""
    preprocessing = Preprocessing.for_model(InputConfig(mean=tuple(mean), std=tuple(std)), [1, 2, 2, 3])
    pixels = np.arange(12, dtype=np.uint8).reshape(2, 2, 3) * 23
    expected = [
        (np.float32(value) - np.float32(mean[k % 3])) / np.float32(std[k % 3]) for k, value in enumerate(pixels.ravel())
    ]
    result = preprocessing.normalization.normalize(pixels)
    assert result.dtype == np.float32
    assert result.ravel().tolist() == expected


@given(
    st.lists(floats, min_size=3, max_size=3),
    st.lists(stds, min_size=3, max_size=3),
    st.floats(0.0009765625, 4, width=32),
    st.sampled_from([("int8", -128, 127), ("uint8", 0, 255)]),
    st.data(),
)
def test_the_table_is_what_a_normalized_picture_quantizes_to(
    mean: list[float], std: list[float], scale: float, kind: tuple[str, int, int], data: st.DataObject
) -> None:
    from quantci.tflite.fixed_point import quantize

    dtype, low, high = kind
    zero_point = data.draw(st.integers(low, high))
    preprocessing = Preprocessing.for_model(InputConfig(mean=tuple(mean), std=tuple(std)), [1, 4, 64, 3])
    table = preprocessing.normalization.lookup_table(scale, zero_point, dtype)
    assert table.shape == (3, 256)
    assert table.dtype == np.dtype(dtype)
    picture = np.random.RandomState(0).randint(0, 256, (4, 64, 3)).astype(np.uint8)
    direct = quantize(preprocessing.normalization.normalize(picture), scale, zero_point, dtype)
    assert np.array_equal(table[np.arange(3), picture], direct)
    # Independently: round half away from zero in float32, shift, clip.
    steps = preprocessing.normalization.normalize(picture) / np.float32(scale)
    away = np.trunc(steps.astype(np.float64) + np.copysign(0.5, steps))
    assert np.array_equal(direct, np.clip(away + zero_point, low, high))


@pytest.mark.parametrize(
    ("config", "shape", "rows"),
    [
        (InputConfig(), [1, 8, 8, 3], 3),
        (InputConfig(), [1, 8, 8, 1], 1),
        (InputConfig(), [1, 8, 8], 1),
        (InputConfig(preprocess="in-model"), [1, 490], 1),
        (InputConfig(mean=(1.0, 2.0)), [1, 2], 2),
    ],
)
def test_the_table_has_a_row_for_each_channel(config: InputConfig, shape: list[int], rows: int) -> None:
    assert Preprocessing.for_model(config, shape).normalization.lookup_table(1.0, 0, "uint8").shape == (rows, 256)


def test_the_usual_int8_table_subtracts_128() -> None:
    table = Preprocessing.for_model(InputConfig(), [1, 8, 8, 1]).normalization.lookup_table(1 / 255, -128, "int8")
    assert table[0].tolist() == list(range(-128, 128))


# Images


def test_an_image_of_the_model_s_size_is_only_normalized(tmp_path: Path) -> None:
    loaded = Preprocessing.for_model(InputConfig(), [1, 2, 3, 3]).load(sample(save(tmp_path / "a.png", ARROW)))
    assert loaded.tensor.shape == (1, 2, 3, 3)
    assert loaded.tensor.dtype == np.float32
    assert np.array_equal(loaded.tensor[0], ARROW.astype(np.float32) / np.float32(255))
    assert loaded.counts == ImageCounts()
    assert loaded.content_sha256 == hashlib.sha256(b"3x2\n" + ARROW.tobytes()).hexdigest()


def test_grey_becomes_rgb_and_rgb_becomes_grey(tmp_path: Path) -> None:
    raw: Literal["in-model"] = "in-model"
    grey = sample(save(tmp_path / "grey.png", ARROW[:, :, 0]))
    rgb = sample(save(tmp_path / "rgb.png", ARROW))
    to_rgb = Preprocessing.for_model(InputConfig(preprocess=raw), [1, 2, 3, 3]).load(grey)
    to_grey = Preprocessing.for_model(InputConfig(preprocess=raw), [1, 2, 3, 1]).load(rgb)
    to_flat_grey = Preprocessing.for_model(InputConfig(preprocess=raw), [1, 2, 3]).load(rgb)
    assert np.array_equal(to_rgb.tensor[0], np.repeat(ARROW[:, :, :1], 3, axis=2))
    assert to_rgb.counts == ImageCounts(greyscale=1)
    # ITU-R 601: 0.299 R + 0.587 G + 0.114 B
    assert to_grey.tensor[0, :, :, 0].tolist() == [[76, 150, 29], [83, 58, 118]]
    assert to_grey.counts == ImageCounts(colour_to_grey=1)
    assert np.array_equal(to_flat_grey.tensor, to_grey.tensor[..., 0])


@pytest.mark.parametrize("resize", RESIZES)
def test_resizing_is_pillow_s_own_in_one_step(tmp_path: Path, resize: Resize) -> None:
    pixels = gradient(64, 48)
    config = InputConfig(preprocess="in-model", resize=resize)
    loaded = Preprocessing.for_model(config, [1, 8, 10, 3]).load(sample(save(tmp_path / "a.png", pixels)))
    expected = Image.fromarray(pixels).resize((10, 8), Image.Resampling[resize.upper()])
    assert np.array_equal(loaded.tensor[0], np.asarray(expected))
    assert loaded.counts == ImageCounts(resized=1)


def test_every_filter_gives_another_tensor_and_the_same_content(tmp_path: Path) -> None:
    """A filter unlike the one of the training changes the accuracy; it must never be chosen in silence."""
    noise = np.random.RandomState(1).randint(0, 256, (40, 40, 3)).astype(np.uint8)
    item = sample(save(tmp_path / "a.png", noise))
    loaded = [Preprocessing.for_model(InputConfig(resize=resize), [1, 16, 16, 3]).load(item) for resize in RESIZES]
    assert len({hashlib.sha256(one.tensor.tobytes()).hexdigest() for one in loaded}) == len(RESIZES)
    assert len({one.content_sha256 for one in loaded}) == 1


def test_an_image_for_a_model_of_tensors_names_both(tmp_path: Path) -> None:
    item = sample(save(tmp_path / "a.png", ARROW))
    fault = raised(lambda: Preprocessing.for_model(InputConfig(), [1, 3, 96, 96]).load(item))
    assert fault.code == "input-color"
    assert "[1, 3, 96, 96]" in fault.cause


def test_an_unreadable_image_passes_through(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    item = sample(tmp_path / "a.png")
    assert raised(lambda: Preprocessing.for_model(InputConfig(), [1, 2, 3, 3]).load(item)).code == "unreadable-image"


def test_bgr_turns_the_channels_and_takes_mean_and_std_in_that_order(tmp_path: Path) -> None:
    """The Caffe way of Keras' ResNet50 and VGG16: blue first, each minus its own mean."""
    config = InputConfig(color="bgr", mean=(103.939, 116.779, 123.68), std=(1.0,))
    loaded = Preprocessing.for_model(config, [1, 2, 3, 3]).load(sample(save(tmp_path / "a.png", ARROW)))
    expected = ARROW[:, :, ::-1].astype(np.float32) - np.array([103.939, 116.779, 123.68], np.float32)
    assert np.array_equal(loaded.tensor[0], expected)
    table = Preprocessing.for_model(config, [1, 2, 3, 3]).normalization.lookup_table(1.0, 0, "int8")
    assert table[:, 110].tolist() == [6, -7, -14]  # 110 minus 103.939, 116.779, 123.68, rounded


def test_channels_first_are_the_same_numbers_in_another_order(tmp_path: Path) -> None:
    item = sample(save(tmp_path / "a.png", gradient(20, 30)))
    config = InputConfig(mean=(1.0, 2.0, 3.0), std=(4.0, 5.0, 6.0))
    first = replace(config, layout="nchw")
    last = Preprocessing.for_model(config, [1, 8, 10, 3]).load(item)
    turned = Preprocessing.for_model(first, [1, 3, 8, 10]).load(item)
    assert np.array_equal(turned.tensor[0], last.tensor[0].transpose(2, 0, 1))
    np.save(tmp_path / "a.npy", np.arange(12).reshape(3, 2, 2))
    tensor = Preprocessing.for_model(first, [1, 3, 2, 2]).load(sample(tmp_path / "a.npy")).tensor
    assert np.array_equal(tensor[0, 1], ((np.array([[4, 5], [6, 7]]) - 2) / 5).astype(np.float32))


def test_standardizing_a_picture_is_by_its_own_mean_and_deviation(tmp_path: Path) -> None:
    config = InputConfig(preprocess="standardize", mean=(9.0,), std=(0.0,))  # neither is looked at
    loaded = Preprocessing.for_model(config, [1, 2, 3, 3]).load(sample(save(tmp_path / "a.png", ARROW)))
    expected = (ARROW - ARROW.mean()) / ARROW.std()
    assert loaded.tensor[0] == pytest.approx(expected, abs=1e-6)
    # All the same: the deviation counts as 1 / sqrt(18), and what is divided by it is 0.
    flat = Preprocessing.for_model(config, [1, 2, 3, 3]).load(sample(save(tmp_path / "b.png", ARROW * 0 + 7)))
    assert not flat.tensor.any()


def test_standardizing_a_tensor_does_not_depend_on_its_unit(tmp_path: Path) -> None:
    config = InputConfig(preprocess="standardize")
    found = []
    for unit in (1.0, 1e-6):
        np.save(tmp_path / "a.npy", np.array([1.0, 2.0, 3.0]) * unit)
        found.append(Preprocessing.for_model(config, [1, 3]).load(sample(tmp_path / "a.npy")).tensor)
    assert found[0] == pytest.approx(found[1])
    assert found[0][0] == pytest.approx([-(1.5**0.5), 0, 1.5**0.5])
    np.save(tmp_path / "a.npy", np.full(3, 5.0))
    assert not Preprocessing.for_model(config, [1, 3]).load(sample(tmp_path / "a.npy")).tensor.any()


def test_alpha_is_composited_on_the_background_or_dropped(tmp_path: Path) -> None:
    pixels = np.array([[[200, 100, 50, 0], [200, 100, 50, 255], [200, 100, 50, 51]]], np.uint8)
    item = sample(save(tmp_path / "a.png", pixels))

    def values(**config: Any) -> Any:
        made = Preprocessing.for_model(InputConfig(preprocess="in-model", **config), [1, 1, 3, 3])
        loaded = made.load(item)
        assert loaded.counts.alpha == 1
        return loaded.tensor[0, 0].tolist()

    assert values() == [[0, 0, 0], [200, 100, 50], [40, 20, 10]]
    assert values(background=(255, 0, 100)) == [[255, 0, 100], [200, 100, 50], [244, 20, 90]]
    assert values(alpha="drop", background=(255, 0, 100)) == [[200, 100, 50]] * 3


def test_a_coloured_background_shows_through_grey(tmp_path: Path) -> None:
    item = sample(save(tmp_path / "a.png", np.array([[[90, 0], [90, 255]]], np.uint8)))
    made = Preprocessing.for_model(InputConfig(preprocess="in-model", background=(10, 20, 30)), [1, 1, 2, 3])
    assert made.load(item).tensor[0, 0].tolist() == [[10, 20, 30], [90, 90, 90]]


def test_orientation_is_applied_or_ignored(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    item = sample(save(tmp_path / "a.png", ARROW, exif=exif))
    applied = Preprocessing.for_model(InputConfig(preprocess="in-model"), [1, 3, 2, 3]).load(item)
    ignored = Preprocessing.for_model(InputConfig(preprocess="in-model", exif="ignore"), [1, 2, 3, 3]).load(item)
    assert np.array_equal(applied.tensor[0], np.rot90(ARROW, -1))
    assert np.array_equal(ignored.tensor[0], ARROW)
    assert (applied.counts.exif_rotated, ignored.counts.exif_rotated) == (1, 0)


def test_a_picture_is_read_once_for_many_ways(tmp_path: Path) -> None:
    item = sample(save(tmp_path / "a.png", gradient(20, 30)))
    first = Preprocessing.for_model(InputConfig(), [1, 8, 8, 3])
    raw = first.read(item)
    (tmp_path / "a.png").unlink()
    for config in (InputConfig(color="bgr"), InputConfig(fit="letterbox"), InputConfig(resize_library="tensorflow")):
        loaded = Preprocessing.for_model(config, [1, 8, 8, 3]).load_raw(raw)
        assert loaded.tensor.shape == (1, 8, 8, 3)
        assert loaded.content_sha256 == raw.content_sha256


@pytest.mark.parametrize(
    ("changes", "reads"),
    [
        ({}, 1),
        ({"mean": (1.0,)}, 1),
        ({"resize": "nearest", "fit": "crop", "color": "bgr", "preprocess": "standardize"}, 1),
        ({"dtype": "int8"}, 1),  # says how a .bin is read
        ({"alpha": "drop"}, 2),
        ({"background": (9,)}, 2),
        ({"exif": "ignore"}, 2),
    ],
)
def test_a_picture_is_read_again_only_where_another_way_reads_it_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], reads: int
) -> None:
    before, after = (Preprocessing.for_model(InputConfig(**given), [1, 5, 4, 3]) for given in ({}, changes))
    item = sample(save(tmp_path / "a.png", ARROW))
    expected = after.load(item)
    read: list[Path] = []

    def decode(path: Path, decoding: Decoding) -> DecodedImage:
        read.append(path)
        return decode_image(path, decoding)

    monkeypatch.setattr(preprocess, "decode_image", decode)
    found = after.load_again(item, before.load(item), before)
    assert (len(read), found.content_sha256, found.counts) == (reads, expected.content_sha256, expected.counts)
    assert np.array_equal(found.tensor, expected.tensor)


@pytest.mark.parametrize(("config", "shape"), [({"dtype": "uint8"}, [1, 8]), ({"dtype": "int8"}, [1, 2, 4])])
def test_a_bin_is_read_again_as_another_type_or_shape(tmp_path: Path, config: dict[str, Any], shape: list[int]) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(bytes(range(250, 256)) + b"\0\1")
    before = Preprocessing.for_model(InputConfig(dtype="int8"), [1, 8])
    after = Preprocessing.for_model(InputConfig(**config), shape)
    found, expected = after.load_again(sample(path), before.load(sample(path)), before), after.load(sample(path))
    assert np.array_equal(found.tensor, expected.tensor)
    assert found.content_sha256 == expected.content_sha256


def test_bars_of_colour_around_a_grey_picture(tmp_path: Path) -> None:
    item = sample(save(tmp_path / "a.png", np.full((2, 4), 90, np.uint8)))
    config = InputConfig(preprocess="in-model", fit="letterbox", background=(1, 2, 3))
    found = Preprocessing.for_model(config, [1, 4, 4, 3]).load(item)
    assert found.tensor[0, :, 0].tolist() == [[1, 2, 3], [90, 90, 90], [90, 90, 90], [1, 2, 3]]
    assert found.counts.resized == 1


def test_channels_first_is_named_where_a_picture_would_fit(tmp_path: Path) -> None:
    item = sample(save(tmp_path / "a.png", ARROW))
    assert 'layout = "nchw"' in raised(lambda: Preprocessing.for_model(InputConfig(), [1, 3, 96, 96]).load(item)).remedy


# Tensors


def test_raw_integers_are_normalized_and_take_the_model_s_shape(tmp_path: Path) -> None:
    np.array([83, 84, -128, 127], dtype=np.int8).tofile(tmp_path / "a.bin")
    config = InputConfig(dtype="int8", shape=(4,), mean=(83.0,), std=(2.0,))
    loaded = Preprocessing.for_model(config, [1, 2, 2, 1]).load(sample(tmp_path / "a.bin"))
    assert loaded.tensor.tolist() == [[[[0.0], [0.5]], [[-105.5], [22.0]]]]
    assert loaded.counts == ImageCounts()


def test_windows_are_read_where_they_are(tmp_path: Path) -> None:
    np.arange(8, dtype="<f4").tofile(tmp_path / "a.bin")
    preprocessing = Preprocessing.for_model(InputConfig(dtype="float32", preprocess="in-model"), [1, 4])
    loaded = preprocessing.load(sample(tmp_path / "a.bin", window=(8, 16)))
    assert loaded.tensor.tolist() == [[2.0, 3.0, 4.0, 5.0]]
    assert raised(lambda: preprocessing.load(sample(tmp_path / "a.bin"))).code == "tensor-size"


def test_bin_images_and_picture_files_of_the_same_pixels_give_the_same_tensor(tmp_path: Path) -> None:
    ARROW.tofile(tmp_path / "a.bin")
    preprocessing = Preprocessing.for_model(InputConfig(dtype="uint8", std=(58.0, 57.0, 57.5)), [1, 2, 3, 3])
    raw, png = (preprocessing.load(sample(p)) for p in (tmp_path / "a.bin", save(tmp_path / "a.png", ARROW)))
    assert np.array_equal(raw.tensor, png.tensor)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_numbers_that_are_not_finite_are_refused(tmp_path: Path, value: float) -> None:
    np.save(tmp_path / "a.npy", np.array([1.0, value]))
    fault = raised(lambda: Preprocessing.for_model(InputConfig(), [1, 2]).load(sample(tmp_path / "a.npy")))
    assert isinstance(fault, DataRejected)
    assert fault.code == "not-finite"
    assert fault.cause.startswith("1 of 2 values")


def test_a_bin_without_dtype_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(2))
    assert raised(lambda: Preprocessing.for_model(InputConfig(), [1, 2]).load(sample(tmp_path / "a.bin"))).code == (
        "input-dtype"
    )


@pytest.mark.parametrize("resize", RESIZES)
def test_grey_resized_is_as_its_three_channels_resized(tmp_path: Path, resize: Resize) -> None:
    grey = np.random.RandomState(0).randint(0, 256, (50, 41)).astype(np.uint8)
    shape = [1, 17, 23, 3]
    of = Preprocessing.for_model(InputConfig(preprocess="in-model", resize=resize), shape)
    found = of.load(sample(save(tmp_path / "grey.png", grey)))
    filter_ = Image.Resampling[resize.upper()]
    wanted = np.asarray(Image.fromarray(np.repeat(grey[:, :, np.newaxis], 3, 2)).resize((23, 17), filter_))
    assert np.array_equal(found.tensor[0], wanted)
    assert found.pixels == 50 * 41
