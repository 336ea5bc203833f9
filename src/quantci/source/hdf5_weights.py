"""The weights in an HDF5 file, by their shapes alone: nothing is read that lies elsewhere or is larger than a model.

Keras 2 follows what an HDF5 file points to: links, and data in other files. Runs in the jail: HDF5 is native code.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from quantci.errors import ModelRejected

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_OBJECTS: Final = 100_000  # groups and data sets
_MAX_DEPTH: Final = 100
_MAX_BYTES: Final = 1024**3


def read_weights(file: Any, where: str) -> tuple[dict[str, list[int]], dict[str, str]]:
    """Shape of each array by its path, and name of a layer by the path of its group where the file says it.

    Args:
        file: an open h5py.File.
        where: the model's own path, for messages.

    Raises:
        ModelRejected: `malformed`, `too-large`.
    """
    import h5py

    weights: dict[str, list[int]] = {}
    names: dict[str, str] = {}
    total = 0
    for count, (path, item) in enumerate(_items(file, where)):
        if isinstance(item, h5py.Dataset):
            if item.external or item.is_virtual:
                raise malformed(f"{path[:200]} lies in another file; a Keras file holds its weights itself", where)
            if item.dtype.kind not in "biuf" or item.shape is None:
                raise malformed(f"{path[:200]} is not an array of numbers", where)
            weights[path] = [int(size) for size in item.shape]
            total += math.prod(weights[path]) * item.dtype.itemsize
        elif isinstance(name := item.attrs.get("name"), str):
            names[path.removesuffix("/vars")] = name[:200]
        if count > _MAX_OBJECTS or total > _MAX_BYTES:
            raise too_large(f"It has more than {_MAX_OBJECTS:,} arrays or {_MAX_BYTES:,} bytes of weights.", where)
    return weights, names


def _items(file: Any, where: str) -> Iterator[tuple[str, Any]]:
    """Each group and data set that the file itself holds, with its path."""
    import h5py

    waiting = [("", file)]
    while waiting:
        outer, group = waiting.pop()
        for key in group:
            path = f"{outer}/{key}" if outer else key
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                raise malformed(f"{path[:200]} is a link; a Keras file holds its weights itself", where)
            if path.count("/") > _MAX_DEPTH:
                raise malformed("its groups are nested too deeply, or in themselves", where)
            item = group[key]
            if isinstance(item, h5py.Group):
                waiting.append((path, item))
            elif not isinstance(item, h5py.Dataset):
                raise malformed(f"{path[:200]} is not an array", where)
            yield path, item


def malformed(what: str, where: str) -> ModelRejected:
    """A Keras file that is none."""
    remedy = "Save the model again; if it came through Git, check that LFS fetched it."
    return ModelRejected("malformed", f"The file cannot be read as a Keras model: {what}.", where=where, remedy=remedy)


def too_large(what: str, where: str) -> ModelRejected:
    """A Keras file that claims more than a model has."""
    remedy = "Save it without the optimizer's state; a model for a microcontroller is far smaller."
    return ModelRejected("too-large", what, where=where, remedy=remedy)
