"""A known fault of a kernel, and which versions of a library have it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantci.chip.op import Op
    from quantci.records.kernels import Severity


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A fault of a kernel.

    Attributes:
        name: a kebab-case word, stable.
        library: whose kernel it is.
        seen: first and last version of the library that the fault was seen or read in; None where every version that
            was tried has it. A version that nobody examined is not accused.
        ops: names of the ops that run in this kernel.
        matches: whether an op of these meets the fault.
        severity, cause, remedy: see KernelHit.
        source: address of the report, or of the line that is wrong.
        is_confirmed: by measurement, by the sources or by a maintainer; else it is only reported.
    """

    name: str
    library: str
    seen: tuple[str, str] | None = None
    ops: frozenset[str]
    matches: Callable[[Op], bool]
    severity: Severity = "wrong-output"
    cause: str
    remedy: str
    source: str
    is_confirmed: bool = True

    @property
    def versions(self) -> str:
        """The versions in words."""
        return "every version that was tried" if self.seen is None else " to ".join(dict.fromkeys(self.seen))

    def concerns(self, version: str) -> bool:
        """Whether this version of the library has the fault."""
        return self.seen is None or _numbers(self.seen[0]) <= _numbers(version) <= _numbers(self.seen[1])


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))
