"""What a file really is decides about the message, not what it is called."""

from __future__ import annotations

import io
import pickle
import zipfile
from typing import TYPE_CHECKING

import pytest
from tests.models import tiny_autoencoder

from quantci.errors import ModelRejected
from quantci.tflite.identify import check_fetched, read_head, read_model_file, sniff

if TYPE_CHECKING:
    from pathlib import Path

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"


def archive(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        for name in names:
            zipped.writestr(zipfile.ZipInfo(name), "content")  # no time in it: a test's name holds these bytes
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "what", "code"),
    [
        (b"", "empty", "empty"),
        (LFS, "git-lfs-pointer", "git-lfs-pointer"),
        (b"\n<!DOCTYPE html><html>", "html-page", "html-page"),
        (b"\xef\xbb\xbf<HTML>", "html-page", "html-page"),
        (archive("metadata.json", "config.json", "model.weights.h5"), "keras", "wrong-format"),
        (archive("readme.txt"), "zip", "wrong-format"),
        (archive("archive/data.pkl", "archive/version"), "torch", "format-not-accepted"),
        (pickle.dumps({"weights": [1]}), "pickle", "format-not-accepted"),
        (pickle.dumps([1], protocol=2), "pickle", "format-not-accepted"),
        (b"\x89HDF\r\n\x1a\n rest", "hdf5", "wrong-format"),
        (b"\x1f\x8b\x08 rest", "gzip", "wrong-format"),
        (b"\x89PNG\r\n\x1a\n rest", "png", "wrong-format"),
        (b"\xff\xd8\xff\xe0 rest", "jpeg", "wrong-format"),
        (b"#include <x.h>\nalignas(16) const unsigned char g_model[] = {0x1c,0x00", "c-array", "wrong-format"),
        (b"// A licence.\nextern const uint8_t model_data [];\n", "c-array", "wrong-format"),
        # As TensorFlow writes a graph of one placeholder.
        (b"\n*\n\x05input\x12\x0bPlaceholder*\x0b\n\x05dtype\x12\x020\x01", "frozen-graph", "wrong-format"),
        (b"\x08\x01\x12\xd2\x01\n\x10 rest", "saved-model-graph", "wrong-format"),
        (b"some other text", "unknown", "malformed"),
        (b"TFL3", "unknown", "malformed"),
    ],
)
def test_names_what_the_file_is(tmp_path: Path, content: bytes, what: str, code: str) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    assert sniff(content[:4096]) == what
    with pytest.raises(ModelRejected) as caught:
        read_model_file(path)
    assert caught.value.code == code
    assert caught.value.where == str(path)


def test_lfs_pointer_names_the_checkout_option(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(LFS)
    with pytest.raises(ModelRejected, match=r"git lfs pull.*lfs: true"):
        read_model_file(path)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("labels.txt", "keras_model.h5"), "inside: keras_model.h5."),
        (("a/saved_model.pb", "a/variables/x"), "inside: a/."),
        (("readme.txt",), "the model inside."),
    ],
)
def test_of_an_archive_the_model_inside_is_named(tmp_path: Path, names: tuple[str, ...], said: str) -> None:
    path = tmp_path / "model.zip"
    path.write_bytes(archive(*names))
    with pytest.raises(ModelRejected) as caught:
        read_model_file(path)
    assert caught.value.remedy.endswith(said)


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    class Payload:
        def __reduce__(self) -> tuple[object, ...]:
            return (tmp_path.joinpath("marker").touch, ())

    path = tmp_path / "model.tflite"
    path.write_bytes(pickle.dumps(Payload()))
    with pytest.raises(ModelRejected, match="format-not-accepted"):
        read_model_file(path)
    assert not (tmp_path / "marker").exists()


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelRejected, match="not-found"):
        read_model_file(tmp_path / "model.tflite")
    with pytest.raises(ModelRejected, match=r"is a folder.*wrong-format"):
        read_head(tmp_path)


def test_a_large_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    with path.open("wb") as file:
        file.write(tiny_autoencoder(0)[:64])
        file.truncate(2 * 1024**3)  # sparse: takes no room on the disk
    with pytest.raises(ModelRejected, match=r"2,147,483,648 bytes.*too-large"):
        read_model_file(path)


def test_reads_up_to_the_limit(tmp_path: Path) -> None:
    path, model = tmp_path / "model.tflite", tiny_autoencoder(0)
    path.write_bytes(model)
    assert sniff(read_head(path)) == "tflite"
    assert read_model_file(path, limit_bytes=len(model)) == model
    with pytest.raises(ModelRejected, match="too-large"):
        read_model_file(path, limit_bytes=len(model) - 1)


def test_a_link_to_nothing_is_named_with_what_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").symlink_to("away/model.onnx")
    with pytest.raises(ModelRejected, match=r"a link to away/model\.onnx, which does not exist") as caught:
        read_head(tmp_path / "model.onnx")
    assert caught.value.code == "not-found"


@pytest.mark.parametrize(("content", "code"), [(LFS, "git-lfs-pointer"), (b"", "empty"), (b"<html>", "html-page")])
def test_what_stands_in_the_place_of_a_file_is_named(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "weights.pt"
    path.write_bytes(content)
    with pytest.raises(ModelRejected) as caught:
        check_fetched(path)
    assert (caught.value.code, caught.value.where) == (code, str(path))
    path.write_bytes(b"PK\x03\x04 weights")
    check_fetched(path)
