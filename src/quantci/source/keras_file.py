"""What a Keras file says about itself, read without Keras: its configuration as plain JSON, and its weights' shapes.

Three formats: the .keras archive, and HDF5 as Keras 3 and as Keras 2 wrote it. Runs in the jail: HDF5 is native code.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from quantci.errors import ModelRejected, missing_tensorflow
from quantci.source.hdf5_weights import malformed, read_weights, too_large

if TYPE_CHECKING:
    from pathlib import Path

MAX_FILE_BYTES: Final = 512 * 1024**2
_MAX_CONFIG_CHARACTERS: Final = 16 * 1024**2
_METADATA, _CONFIG, _WEIGHTS = "metadata.json", "config.json", "model.weights.h5"


class KerasFile(NamedTuple):
    """A Keras file's content.

    Attributes:
        format: `keras`, `hdf5` or `hdf5-legacy` (Keras 2).
        config: the model as Keras' loader would see it.
        weights: shape of each array by its path in the file.
        layer_names: name of a layer by the group of its weights, where the file says it.
    """

    format: str
    config: dict[str, Any]
    weights: dict[str, list[int]]
    layer_names: dict[str, str]


def read_keras(path: Path, kind: str, where: str) -> KerasFile:
    """Read a file whose first bytes are those of `kind` (`keras` or `hdf5`).

    Raises:
        ModelRejected: `malformed`, `too-large`, `weights-only`.
        ToolError: `missing-extra`.
    """
    h5py = _import_h5py()
    try:
        if kind == "keras":
            members = read_archive(path, where)
            with h5py.File(io.BytesIO(members[_WEIGHTS]), "r") as file:
                weights, names = read_weights(file, where)
            return KerasFile("keras", _parse(members[_CONFIG], where), weights, names)
        with h5py.File(path, "r") as file:
            weights, names = read_weights(file, where)
            text = file.attrs.get("model_config")
            if text is None:
                raise weights_only(where)
            version = file.attrs.get("keras_version", "3")
    except (OSError, KeyError, ValueError, TypeError, RuntimeError, EOFError, zlib.error, OverflowError) as error:
        raise malformed(" ".join(str(error).split())[:200] or type(error).__name__, where) from None
    major = version.decode(errors="replace") if isinstance(version, bytes) else str(version)
    return KerasFile("hdf5-legacy" if major.startswith("2") else "hdf5", _parse(text, where), weights, names)


def read_archive(path: Path, where: str) -> dict[str, bytes]:
    """The members of a .keras archive, all of them known.

    Raises:
        ModelRejected: `malformed`, `too-large`.
    """
    members: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                name = member.filename
                if name in members or name not in {_METADATA, _CONFIG, _WEIGHTS}:
                    raise malformed(f"{name[:100]!r} does not belong in a .keras archive, or is in it twice", where)
                with archive.open(member) as file:
                    members[name] = file.read(MAX_FILE_BYTES + 1)
                if sum(map(len, members.values())) > MAX_FILE_BYTES:
                    raise too_large(f"The archive holds more than {MAX_FILE_BYTES:,} bytes.", where)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError, NotImplementedError) as error:
        raise malformed(" ".join(str(error).split())[:200], where) from None
    for name in (_CONFIG, _WEIGHTS):
        if name not in members:
            raise malformed(f"the archive has no {name}", where)
    return members


def pack_archive(path: Path, config: dict[str, Any], members: dict[str, bytes]) -> None:
    """Write a .keras archive with this configuration: what was checked is then what is loaded, and nothing else."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in (members | {_CONFIG: json.dumps(config).encode()}).items():
            archive.writestr(name, data)


def _parse(text: Any, where: str) -> dict[str, Any]:
    if not isinstance(text, (str, bytes)):
        raise malformed("its configuration is not text", where)
    if len(text) > _MAX_CONFIG_CHARACTERS:
        raise too_large(f"Its configuration has more than {_MAX_CONFIG_CHARACTERS:,} characters.", where)
    try:
        config = json.loads(text.decode() if isinstance(text, bytes) else text)  # as Keras does: json guesses UTF-16
    except (ValueError, RecursionError) as error:
        raise malformed(f"its configuration is not JSON: {str(error)[:200]}", where) from None
    if not isinstance(config, dict):
        raise malformed("its configuration is not an object", where)
    return config


def weights_only(where: str) -> ModelRejected:
    """What save_weights() or a checkpoint leaves."""
    return ModelRejected(
        "weights-only",
        "The file holds the weights of a model, not the model itself.",
        where=where,
        remedy="Build the model in Python, load these weights, and save all of it: model.save('model.keras').",
    )


def _import_h5py() -> Any:
    try:
        import h5py
    except ImportError:
        raise missing_tensorflow("Reading a Keras or SavedModel source") from None  # h5py comes with it
    return h5py
