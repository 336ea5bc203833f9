"""The .npz of a shard: what its samples gave. Merging reads it as strangers' data: nothing in it is taken on trust."""

from __future__ import annotations

import io
import math
import zipfile
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from quantci.data.culprits import printable
from quantci.data.npz import read_array
from quantci.errors import ToolError
from quantci.evaluate.scored import BASE, BaseRows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Nothing: TypeAlias = Mapping[str, NDArray[np.generic]]
    Layout: TypeAlias = dict[str, tuple[np.dtype[Any], tuple[int, ...]]]

_OVERHEAD_BYTES = 4096  # far more than the header of an array and its place in the archive take
_LARGEST = 1e100  # no float32, in steps or squared, comes near; and a sum of these is finite
_LONGEST_US = 1e12


class Outputs(NamedTuple):
    """What the samples that could be read gave, as in `Scored`."""

    outputs: dict[str, NDArray[np.generic]]
    differences: dict[str, NDArray[np.float64]]
    invoke_us: dict[str, NDArray[np.float64]]
    base: BaseRows | None = None


def pack(outputs: Outputs) -> bytes:
    """The arrays as .npz without pickle: `float` and `float_us`, and `int8_litert_differences` too, for each step.

    Where there is a baseline, also `base` and `base_again`.
    """
    arrays: dict[str, Any] = {}
    for step in outputs.outputs:
        arrays |= {_name(step): outputs.outputs[step], _name(step, "us"): outputs.invoke_us[step]}
    arrays |= {_name(step, "differences"): outputs.differences[step] for step in outputs.differences}
    if outputs.base is not None:
        arrays |= outputs.base._asdict()
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def most_bytes(samples: int, nothing: Nothing) -> int:
    """No .npz of so many samples is larger: more than that need not be read. For `nothing` see unpack()."""
    sizes = (samples * dtype.itemsize * math.prod(row) for dtype, row in _layout(nothing).values())
    return sum(size + size // 64 + _OVERHEAD_BYTES for size in sizes)  # what cannot be compressed grows a little


def unpack(data: bytes, samples: int, nothing: Nothing, where: str) -> Outputs:
    """The arrays in the .npz of a shard. Memory is taken for so many samples, whatever the archive and headers claim.

    Args:
        data: the file.
        samples: how many of the shard's samples could be read.
        nothing: the outputs of no sample by step: type and width, see no_outputs(); those of the base by `base`.
        where: the file's name, for errors.

    Raises:
        ToolError: `schema`: it is not such an archive, or an array has values that no run can give.
    """
    steps = [step for step in nothing if step != BASE]
    try:
        arrays = _read_all(data, _layout(nothing), samples)
    except Exception as error:  # zipfile and numpy raise what they like on damaged archives and headers
        raise _fault(printable(f"{type(error).__name__}: {error}"), where) from error
    result = Outputs(
        {step: arrays[_name(step)] for step in steps},
        {step: arrays[_name(step, "differences")] for step in steps[1:]},
        {step: arrays[_name(step, "us")] for step in steps},
        BaseRows(arrays["base"], arrays["base_again"]) if BASE in nothing else None,
    )
    _check_values(result, where)
    return result


def _name(step: str, what: str = "") -> str:
    return "_".join(filter(None, (step.replace("-", "_"), what)))


def _layout(nothing: Nothing) -> Layout:
    """Type and shape of a sample's row in each array. `base` is there where a baseline is compared with."""
    double = np.dtype(np.float64)
    steps = [step for step in nothing if step != BASE]
    again: Layout = {"base_again": (np.dtype(np.bool_), ())} if BASE in nothing else {}
    return {
        **again,
        **{_name(step): (array.dtype, array.shape[1:]) for step, array in nothing.items()},
        **{_name(step, "us"): (double, ()) for step in steps},
        **{_name(step, "differences"): (double, (4,)) for step in steps[1:]},
    }


def _read_all(data: bytes, layout: Layout, samples: int) -> dict[str, NDArray[Any]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sorted(archive.namelist()) != sorted(f"{name}.npy" for name in layout):
            msg = "its arrays are not those of a shard"
            raise ValueError(msg)
        return {name: read_array(archive, name, dtype, (samples, *row)) for name, (dtype, row) in layout.items()}


def _check_values(found: Outputs, where: str) -> None:
    """Refuse what would only fail later, or look like a result: times and differences that cannot be.

    Outputs may be NaN or infinite: that is the model's fault, and judging says so.
    """
    if not all(((times >= 0) & (times <= _LONGEST_US)).all() for times in found.invoke_us.values()):
        raise _fault("a time is negative, infinite or not a number", where)
    if found.base is not None and found.base.base.dtype.kind == "f":
        scores = found.base.base
        if not (np.abs(scores[np.isfinite(scores)]) <= _LARGEST).all():
            raise _fault("a score of the base is beyond what a model can give", where)
    floats = [array.astype(np.float64) for array in found.outputs.values() if array.dtype.kind == "f"]
    if not all(np.isfinite(array).all() for array in floats):
        return
    is_possible = all((np.abs(array) <= _LARGEST).all() for array in floats)
    for rows in found.differences.values():
        identical, largest, mean, cosine = rows.T
        is_possible &= bool(((identical == 0) | (identical == 1)).all())
        is_possible &= bool(((largest >= 0) & (largest <= _LARGEST) & (mean >= 0) & (mean <= _LARGEST)).all())
        is_possible &= bool((np.abs(cosine) <= 1).all() or np.isnan(cosine).all())
    if not is_possible:
        raise _fault("a score or a difference is beyond what a model can give", where)


def _fault(problem: str, where: str) -> ToolError:
    return ToolError(
        "schema",
        f"These are not the outputs that this shard's record describes: {problem}.",
        where=where,
        remedy="Run this shard again, and copy both of its files here.",
    )
