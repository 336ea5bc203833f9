"""What the shards of an evaluation say of the baseline: the same in all of them, or nothing is compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantci.errors import ToolError
from quantci.evaluate.scored import BASE
from quantci.evaluate.shard_folder import name_shards
from quantci.evaluate.shard_match import TOOLS
from quantci.records.stage import Failure

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from quantci.evaluate.shard_folder import Found
    from quantci.records.against_base import BaseSide
    from quantci.tasks.task import Task

_MOST_ROW_BYTES = 1_000_000  # of a sample's outputs: no model for a microcontroller comes near


def base_of_shards(found: Sequence[Found]) -> tuple[BaseSide | None, Failure | None]:
    """The base that all shards compared with, or why there is none: a fault of one shard is that of the whole."""
    first = found[0].result
    failure = next((one.result.base_failure for one in found if one.result.base_failure), None)
    if failure is not None:
        return None, failure
    foreign = [one.shard.index for one in found if one.result.base != first.base]
    if foreign:
        return None, Failure(
            code="baseline-mixed",
            cause=f"{name_shards(foreign, found[0].shard.count)} had another baseline than the first, or none, so "
            "nothing is compared.",
            where="",
            remedy="Give all shards the same baseline folder.",
        )
    return first.base, None


def nothing_of_base(one: Found, task: Task) -> dict[str, NDArray[np.generic]]:
    """What is kept of no sample of the base, [0, d]; empty where this shard had none.

    Raises:
        ToolError: `schema`: there is no such output.
    """
    if one.result.base is None:
        return {}
    outputs = one.result.base.outputs
    try:
        nothing = task.nothing_kept(outputs, is_float=False)
        task.check_labels(one.result.base.labels, outputs, str(one.path))
        is_possible = nothing.dtype.kind in "iuf" and nothing.shape[1] * nothing.itemsize <= _MOST_ROW_BYTES
        is_possible &= all(len(output.scale) == len(output.zero_point) == 1 for output in outputs)
    except Exception:  # noqa: BLE001  what a stranger wrote as shape and type may fail anywhere
        is_possible = False
    if not is_possible:
        raise ToolError(
            "schema",
            "This record of a shard contradicts itself: the base's outputs are none that a model can have.",
            where=str(one.path),
            remedy="Run this shard again.",
        )
    return {BASE: nothing}


def read_with_of(one: Found) -> dict[str, str]:
    """Versions of what read the samples; they are the same in all shards."""
    tools = one.provenance.tools
    return {"quantci": one.provenance.quantci_version} | {name: tools.get(name, "not known") for name in TOOLS}
