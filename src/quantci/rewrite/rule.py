"""What a rewrite is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantci.rewrite.draft import Draft

EXACT: Final = 0.0  # the same operations on the same numbers in the same order
ROUNDING: Final = 1e-5  # the same in real numbers: float32 rounds otherwise


class Rule(NamedTuple):
    """One kind of rewrite.

    Attributes:
        name: as docs/rewrites.md lists it.
        apply: changes a draft wherever it can at one go, and gives the names of the layers that it changed.
        tolerance: how far outputs may differ before and after, as a share of the largest output.
        may_grow: it makes an op that INT8 kernels have of one that they have not, which may cost ops and arena.
    """

    name: str
    apply: Callable[[Draft], list[str]]
    tolerance: float
    may_grow: bool = False
