"""What a file really is, whatever its name says, and the reading of a .tflite."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING, Final

from quantci import git_lfs
from quantci.errors import ModelRejected
from quantci.tflite.flatbuffer import IDENTIFIER
from quantci.tflite.verify.damage import EXPORT_AGAIN

if TYPE_CHECKING:
    from pathlib import Path

MAX_MODEL_BYTES: Final = 64 * 1024**2
_HEAD_BYTES: Final = 4096
_MAGIC: Final = (
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"\x1f\x8b", "gzip"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    # Protocol 2 and later; torch.save wrote such a file before it wrote zip archives.
    (b"\x80\x02", "pickle"),
    (b"\x80\x03", "pickle"),
    (b"\x80\x04", "pickle"),
    (b"\x80\x05", "pickle"),
    (b"\x08\x01\x12", "saved-model-graph"),
)
_PATTERNS: Final = (
    # A protobuf message of a version of ONNX' format, and one of the fields that stand behind it.
    (re.compile(rb"\x08[\x03-\x1f][\x12\x1a\x22\x28\x32\x3a\x42]"), "onnx"),
    (re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype html|html|head|\?xml)", re.IGNORECASE), "html-page"),
    # `const unsigned char g_model[] = {0x1c, ...` as xxd writes it, or the declaration of one.
    (re.compile(rb"[^\0]*\b(unsigned char|u?int8_t)\s+\w+\s*\["), "c-array"),
    # A protobuf message whose first field is a message of a name and an op: TensorFlow's GraphDef.
    (
        re.compile(rb"\n[\x80-\xff]{0,4}[\x00-\x7f]\n[\x01-\xff]{1,2}?[\w.][\w./>-]*\x12[\x01-\x40][A-Z]\w+"),
        "frozen-graph",
    ),
)
_MODEL_NAMES: Final = (".tflite", ".keras", ".h5", ".hdf5", ".onnx", "saved_model.pb")
_PYTORCH: Final = (
    "A PyTorch state dict is named as model.weights, and the function that builds its module as model.source = "
    '"package.module:function".'
)
# Code, what the file is, and what to do about it, by the word that sniff() gives.
_WRONG: Final = {
    "empty": ("empty", "The file is empty.", "Export or download the model again."),
    "git-lfs-pointer": (
        "git-lfs-pointer",
        "This is a Git LFS pointer, not the model that it stands for.",
        "Run `git lfs pull`; in a workflow, give `lfs: true` to model-ci.yml, or to your own actions/checkout.",
    ),
    "html-page": (
        "html-page",
        "This is an HTML page, not a model: the download gave a web page.",
        "Download the file itself: the raw or release address, after signing in if it asks for that.",
    ),
    "pickle": (
        "format-not-accepted",
        "This is a Python pickle, which runs code when it is loaded; it was not opened.",
        f"Export the model as .tflite, .onnx, .keras or a SavedModel. {_PYTORCH}",
    ),
    "torch": (
        "format-not-accepted",
        "This is a PyTorch archive, which holds a pickle that runs code when it is loaded; it was not opened.",
        f"{_PYTORCH} Or export the model as .pt2 (torch.export.save) or .onnx.",
    ),
    "hdf5": (
        "wrong-format",
        "This is an HDF5 file, such as a Keras .h5 model.",
        "Name it .h5, or convert it to .tflite.",
    ),
    "onnx": ("wrong-format", "This is an ONNX model.", "Name it as model.source, or convert it to .tflite."),
    "keras": ("wrong-format", "This is a .keras archive.", "Name it .keras, or convert it to .tflite."),
    "zip": ("wrong-format", "This is a zip archive.", "Unpack it, and name the model inside."),
    "gzip": ("wrong-format", "This is a gzip archive.", "Unpack it, and name the model inside."),
    "c-array": (
        "wrong-format",
        "This is C source with an array of bytes, as firmware includes it, not a model file.",
        "Name the .tflite that the array was made from (by xxd -i, for example).",
    ),
    "frozen-graph": (
        "wrong-format",
        "This is a graph of TensorFlow 1 (a frozen graph).",
        "Convert it with tf.compat.v1.lite.TFLiteConverter.from_frozen_graph(), and name the .tflite.",
    ),
    "saved-model-graph": (
        "wrong-format",
        "This is the graph of a SavedModel, without its weights.",
        "Name the folder that it lies in.",
    ),
    "png": ("wrong-format", "This is a PNG image.", "Name a .tflite file."),
    "jpeg": ("wrong-format", "This is a JPEG image.", "Name a .tflite file."),
}


def sniff(head: bytes) -> str:
    """What a file is, by its first bytes (4096 are enough).

    Returns:
        `tflite`, `unknown`, `hdf5`, or a word of the table above.
    """
    if not head:
        return "empty"
    if head[4:8] == IDENTIFIER:
        return "tflite"
    if head.startswith(git_lfs.HEAD):
        return "git-lfs-pointer"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _sniff_zip(head)
    known = (name for magic, name in _MAGIC if head.startswith(magic))
    return next(known, None) or next((name for pattern, name in _PATTERNS if pattern.match(head)), "unknown")


def _sniff_zip(head: bytes) -> str:
    # The first member's name stands right behind the local header; the writers' order of members is stable.
    if b"data.pkl" in head or b"/.format_version" in head or b".data/" in head[:512]:
        return "torch"
    return "keras" if head[30:].startswith((b"metadata.json", b"config.json", b"model.weights.h5")) else "zip"


def _models_inside(path: Path) -> list[str]:
    """Names of up to three models in a zip archive; of a SavedModel, its folder."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(_MODEL_NAMES)]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return []
    return [name.removesuffix("saved_model.pb")[:100] or "the folder itself" for name in names[:3]]


def read_head(path: Path) -> bytes:
    """The first 4096 bytes of a file.

    Raises:
        ModelRejected: `not-found`, `wrong-format` (a folder or device), `unreadable`.
    """
    _check_regular(path)
    try:
        with path.open("rb") as file:
            return file.read(_HEAD_BYTES)
    except OSError as error:
        raise _unreadable(path, error) from error


def read_model_file(path: Path, *, limit_bytes: int = MAX_MODEL_BYTES) -> bytes:
    """The content of a .tflite; its structure is not checked here, see `parse`.

    Args:
        path: file to read.
        limit_bytes: larger files are refused before they are read.

    Raises:
        ModelRejected: `not-found`, `empty`, `git-lfs-pointer`, `html-page`, `wrong-format`, `format-not-accepted`,
            `too-large`, `malformed`, `unreadable`: the message says what the file really is.
    """
    what = sniff(read_head(path))
    if what in _WRONG:
        raise _wrong(what, path)
    if what == "unknown":
        cause = "This is not a .tflite file: the identifier TFL3 is missing at byte 4."
        raise ModelRejected("malformed", cause, where=str(path), remedy=EXPORT_AGAIN)
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            # One byte more than is allowed, in case the file grows between the look and the reading.
            data = b"" if size > limit_bytes else file.read(limit_bytes + 1)
    except OSError as error:
        raise _unreadable(path, error) from error
    if size > limit_bytes or len(data) > limit_bytes:
        raise ModelRejected(
            "too-large",
            f"The file has {size:,} bytes; at most {limit_bytes:,} are read.",
            where=str(path),
            remedy="Use a model that is meant for a microcontroller.",
        )
    return data


def check_fetched(path: Path) -> None:
    """Refuse what only stands in the place of a file of a model.

    Raises:
        ModelRejected: `empty`, `git-lfs-pointer`, `html-page`, or what read_head() raises.
    """
    what = sniff(read_head(path))
    if what in {"empty", "git-lfs-pointer", "html-page"}:
        raise _wrong(what, path)


def _wrong(what: str, path: Path) -> ModelRejected:
    code, cause, remedy = _WRONG[what]
    if what == "zip" and (inside := _models_inside(path)):
        remedy = f"Unpack it, and name what is inside: {', '.join(inside)}."
    return ModelRejected(code, cause, where=str(path), remedy=remedy)


def _check_regular(path: Path) -> None:
    try:
        is_folder, is_file = path.is_dir(), path.is_file()
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        raise _unreadable(path, error) from error
    if is_folder:
        raise ModelRejected(
            "wrong-format", "This is a folder, not a file.", where=str(path), remedy="Name the model file inside."
        )
    if path.is_symlink() and not path.exists():
        raise ModelRejected(
            "not-found",
            f"This is a link to {str(path.readlink())[:200]}, which does not exist.",
            where=str(path),
            remedy="Put the file itself in its place, or fetch what it stands for (DVC, git-annex: pull; a mount).",
        )
    if not is_file:
        # A device or a pipe would be read for ever.
        exists = path.exists()
        raise ModelRejected(
            "wrong-format" if exists else "not-found",
            "This is not a regular file." if exists else "There is no such file.",
            where=str(path),
            remedy="Check the path: in quantci.toml it starts from that file's folder, on the command line from yours.",
        )


def _unreadable(path: Path, error: Exception) -> ModelRejected:
    return ModelRejected(
        "unreadable",
        f"The file cannot be read: {error}.",
        where=str(path),
        remedy="Check its permissions and that it is on this disk.",
    )
