from __future__ import annotations

import contextlib
import hashlib
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image, ImageOps
from tests.unit.data.images import ARROW, gradient, jpeg_bytes, png_with_header, save

from quantci.data.image import MAX_PIXELS, decode_image
from quantci.errors import DataRejected
from quantci.records.dataset import ImageCounts

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

GREY = np.array([[0, 50, 100], [150, 200, 255]], dtype=np.uint8)
# What is seen when ARROW is stored in each EXIF orientation, after the standard's words: where row 0 and column 0 go.
SEEN = {
    1: ARROW,
    2: ARROW[:, ::-1],  # row 0 top, column 0 right
    3: ARROW[::-1, ::-1],  # bottom, right
    4: ARROW[::-1],  # bottom, left
    5: ARROW.transpose(1, 0, 2),  # left, top
    6: np.rot90(ARROW, -1),  # right, top: a phone held upright
    7: np.rot90(ARROW, 2).transpose(1, 0, 2),  # right, bottom
    8: np.rot90(ARROW, 1),  # left, bottom
}


def unreadable(path: Path) -> str:
    with pytest.raises(DataRejected) as caught:
        decode_image(path)
    assert caught.value.code == "unreadable-image"
    assert caught.value.where == str(path)
    return caught.value.cause


def test_rgb_needs_nothing(tmp_path: Path) -> None:
    image = decode_image(save(tmp_path / "a.png", ARROW))
    assert np.array_equal(image.pixels, ARROW)
    assert image.pixels.dtype == np.uint8
    assert image.counts == ImageCounts()
    assert image.content_sha256 == hashlib.sha256(b"3x2\n" + ARROW.tobytes()).hexdigest()


@pytest.mark.parametrize("suffix", ["png", "tif", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_and_counted(tmp_path: Path, orientation: int, suffix: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True, "exact": True} if suffix == "webp" else {}
    path = save(tmp_path / f"a.{suffix}", ARROW, exif=exif, **options)
    image = decode_image(path)
    assert np.array_equal(image.pixels, SEEN[orientation])
    assert image.counts == ImageCounts(exif_rotated=int(orientation != 1))
    with Image.open(path) as stored:
        assert np.array_equal(image.pixels, np.asarray(ImageOps.exif_transpose(stored)))


def test_orientation_of_a_jpeg(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = decode_image(save(tmp_path / "a.jpg", gradient(16, 24), exif=exif))
    assert image.pixels.shape == (24, 16, 3)
    assert image.counts.exif_rotated == 1


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_is_none(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = decode_image(save(tmp_path / "a.png", ARROW, exif=exif))
    assert np.array_equal(image.pixels, ARROW)
    assert image.counts.exif_rotated == 0


def test_grey_stays_grey_and_has_the_digest_of_the_same_picture_in_rgb(tmp_path: Path) -> None:
    grey = decode_image(save(tmp_path / "grey.png", GREY))
    rgb = decode_image(save(tmp_path / "rgb.png", np.repeat(GREY[:, :, np.newaxis], 3, axis=2)))
    assert grey.pixels.shape == (2, 3)
    assert rgb.pixels.shape == (2, 3, 3)
    assert grey.content_sha256 == rgb.content_sha256


def test_re_encoding_keeps_the_digest_and_another_shape_does_not(tmp_path: Path) -> None:
    first = decode_image(save(tmp_path / "a.png", ARROW, compress_level=0))
    again = decode_image(save(tmp_path / "a.bmp", ARROW))
    reshaped = decode_image(save(tmp_path / "b.png", ARROW.reshape(3, 2, 3)))
    assert first.content_sha256 == again.content_sha256
    assert first.content_sha256 != reshaped.content_sha256


def test_alpha_is_composited_over_black(tmp_path: Path) -> None:
    rgba = np.array([[[200, 100, 50, 255], [200, 100, 50, 128], [200, 100, 50, 0]]], dtype=np.uint8)
    image = decode_image(save(tmp_path / "a.png", rgba))
    assert image.pixels.tolist() == [[[200, 100, 50], [100, 50, 25], [0, 0, 0]]]
    assert image.counts == ImageCounts(alpha=1)


def test_grey_with_alpha_stays_grey(tmp_path: Path) -> None:
    image = decode_image(save(tmp_path / "a.png", np.array([[[200, 255], [200, 128], [200, 0]]], dtype=np.uint8)))
    assert image.pixels.tolist() == [[200, 100, 0]]
    assert image.counts == ImageCounts(alpha=1)


@pytest.mark.parametrize("mode", ["L", "1"])
def test_a_transparent_grey_value_becomes_black(tmp_path: Path, mode: str) -> None:
    Image.fromarray(np.array([[255, 0]], dtype=np.uint8)).convert(mode).save(tmp_path / "a.png", transparency=255)
    image = decode_image(tmp_path / "a.png")
    assert image.pixels.tolist() == [[0, 0]]
    assert image.counts == ImageCounts(alpha=1)


def test_a_transparent_colour_becomes_black(tmp_path: Path) -> None:
    save(tmp_path / "a.png", ARROW, transparency=(255, 0, 0))
    image = decode_image(tmp_path / "a.png")
    assert image.pixels[0].tolist() == [[0, 0, 0], [0, 255, 0], [0, 0, 255]]
    assert image.counts == ImageCounts(alpha=1)


def palette_image(path: Path, **options: object) -> Path:
    image = Image.new("P", (3, 1))
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    image.putdata([0, 1, 2])
    image.save(path, **options)  # type: ignore[arg-type]
    return path


def test_palette_is_expanded(tmp_path: Path) -> None:
    image = decode_image(palette_image(tmp_path / "a.png"))
    assert image.pixels.tolist() == [[[255, 0, 0], [0, 255, 0], [0, 0, 255]]]
    assert image.counts == ImageCounts(palette=1)


def test_palette_with_alpha_for_each_entry(tmp_path: Path) -> None:
    image = decode_image(palette_image(tmp_path / "a.png", transparency=bytes([255, 128, 0])))
    assert image.pixels.tolist() == [[[255, 0, 0], [0, 128, 0], [0, 0, 0]]]
    assert image.counts == ImageCounts(palette=1, alpha=1)


def test_cmyk_is_converted(tmp_path: Path) -> None:
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=100)
    image = decode_image(tmp_path / "a.jpg")
    assert image.counts == ImageCounts(cmyk=1)
    assert np.abs(image.pixels.astype(int) - [255, 0, 0]).max() <= 2


@pytest.mark.parametrize("suffix", ["png", "tif", "pgm"])
def test_16_bit_grey_is_scaled_by_257_and_rounded(tmp_path: Path, suffix: str) -> None:
    values = np.array([[0, 128, 129, 257, 300, 32767, 32896, 65535]], dtype=np.uint16)
    path = tmp_path / f"a.{suffix}"
    if suffix == "pgm":  # older Pillows read it and do not write it
        path.write_bytes(b"P5 8 1 65535\n" + values.astype(">u2").tobytes())
    else:
        save(path, values)
    image = decode_image(path)
    assert image.pixels.tolist() == [[0, 0, 1, 1, 1, 127, 128, 255]]
    assert image.counts == ImageCounts(sixteen_bit=1)


def test_every_8_bit_value_survives_16_bits(tmp_path: Path) -> None:
    values = (np.arange(256, dtype=np.uint16) * 257).reshape(16, 16)
    assert decode_image(save(tmp_path / "a.png", values)).pixels.ravel().tolist() == list(range(256))


def test_16_bit_colour_is_counted(tmp_path: Path) -> None:
    row = np.array([65535, 0, 257, 0, 257, 65535], dtype=">u2").tobytes()
    (tmp_path / "a.png").write_bytes(png_with_header(2, 1, depth=16, rows=b"\0" + row))
    image = decode_image(tmp_path / "a.png")
    assert image.pixels.tolist() == [[[255, 0, 1], [0, 1, 255]]]
    assert image.counts == ImageCounts(sixteen_bit=1)


@pytest.mark.parametrize("kind", ["int32", "float32"])
def test_pixels_of_unknown_range_are_refused(tmp_path: Path, kind: str) -> None:
    assert ".npy" in unreadable(save(tmp_path / "a.tif", np.array([[70000, 1]], dtype=kind)))


def test_one_bit_pixels_are_black_and_white(tmp_path: Path) -> None:
    save(tmp_path / "a.png", np.array([[True, False, True]]))
    image = decode_image(tmp_path / "a.png")
    assert image.pixels.tolist() == [[255, 0, 255]]
    assert image.counts == ImageCounts()


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_the_first_frame_of_an_animation_is_taken(tmp_path: Path, suffix: str) -> None:
    frames = [Image.new("RGB", (4, 4), color) for color in ("red", "blue")]
    options: dict[str, Any] = {"lossless": True} if suffix == "webp" else {}
    frames[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=frames[1:], **options)
    assert decode_image(tmp_path / f"a.{suffix}").pixels[0, 0].tolist() == [255, 0, 0]


def test_jpeg_is_decoded_in_full(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg_bytes(gradient()))
    with Image.open(tmp_path / "a.jpg") as full:
        expected: NDArray[np.uint8] = np.asarray(full)
    assert np.array_equal(decode_image(tmp_path / "a.jpg").pixels, expected)


@pytest.mark.parametrize("part", [0.02, 0.3, 0.9])
def test_a_truncated_jpeg_is_unreadable(tmp_path: Path, part: float) -> None:
    data = jpeg_bytes(gradient(64, 64))
    (tmp_path / "a.jpg").write_bytes(data[: int(len(data) * part)])
    assert "Pillow says" in unreadable(tmp_path / "a.jpg")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "it is empty"),
        (b"hello", "Pillow says: cannot identify image file"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "cannot identify"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "Git LFS pointer"),
        (b"\x89PNG\r\n\x1a\n", "Pillow says"),
    ],
    ids=["zero bytes", "text", "PostScript", "LFS pointer", "signature only"],
)
def test_what_is_no_image_is_told_in_one_sentence(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "a.png").write_bytes(content)
    cause = unreadable(tmp_path / "a.png")
    assert told in cause
    assert str(tmp_path) not in cause
    assert cause.endswith(".")
    assert not cause.endswith("..")


def test_a_file_that_is_gone_is_unreadable(tmp_path: Path) -> None:
    assert "No such file" in unreadable(tmp_path / "a.png")


@pytest.mark.parametrize("size", [(50_000, 50_000), (12_000, 12_000), (9_000, 9_000), (MAX_PIXELS + 1, 1)])
def test_a_bomb_is_refused_by_its_header_without_a_warning(tmp_path: Path, size: tuple[int, int]) -> None:
    """178 and 89 million pixels are where Pillow raises and warns; ours is 67 million."""
    (tmp_path / "a.png").write_bytes(png_with_header(*size))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert "pixels" in unreadable(tmp_path / "a.png")
    assert caught == []


def test_damaged_files_never_end_in_another_error(tmp_path: Path) -> None:
    """Small files with three bytes changed: an image or `unreadable-image`, and no warning."""
    random = np.random.RandomState(0)
    for suffix in ("png", "jpg", "gif", "bmp", "tif", "webp"):
        path = save(tmp_path / f"a.{suffix}", gradient())
        data = np.frombuffer(path.read_bytes(), np.uint8)
        for _ in range(25):
            broken = data.copy()
            broken[random.randint(0, min(len(broken), 400), 3)] = random.randint(0, 256, 3)
            path.write_bytes(broken.tobytes())
            with contextlib.suppress(DataRejected):
                decode_image(path)


def test_what_is_read_in_strips_is_read_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.RandomState(0)
    grey, colour = (
        random.randint(0, 65536, (37, 11)).astype(np.uint16),
        random.randint(0, 256, (37, 11, 3)).astype(np.uint8),
    )
    files = [save(tmp_path / "grey.png", grey), save(tmp_path / "colour.png", colour)]
    whole = [decode_image(file) for file in files]
    monkeypatch.setattr("quantci.data.image._AT_ONCE", 30)  # two rows
    for file, before in zip(files, whole, strict=True):
        after = decode_image(file)
        assert after.content_sha256 == before.content_sha256
        assert np.array_equal(after.pixels, before.pixels)
    assert np.array_equal(whole[0].pixels, np.rint(grey / 257))
