"""A known fault of a kernel, and which versions of a library have it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from quantci.chip.op import Op
    from quantci.records.kernels import Evidence, Severity


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
        evidence: how it is known.
        beside: another library, and its first version that is free of the fault whatever this one's; None where the
            fault depends on this library alone.
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
    evidence: Evidence = "sources"
    beside: tuple[str, str] | None = None

    @property
    def versions(self) -> str:
        """The versions in words."""
        seen = "every version that was tried" if self.seen is None else " to ".join(dict.fromkeys(self.seen))
        return seen if self.beside is None else f"{seen} with {self.beside[0]} before {self.beside[1]}"

    def concerns(self, versions: Mapping[str, str]) -> bool:
        """Whether these versions, by library, have the fault."""
        if self.library not in versions:
            return False
        own = numbers(versions[self.library])
        if self.seen is not None and not numbers(self.seen[0]) <= own <= numbers(self.seen[1]):
            return False
        return self.beside is None or (
            self.beside[0] in versions and numbers(versions[self.beside[0]]) < numbers(self.beside[1])
        )


def numbers(version: str) -> tuple[int, ...]:
    """A version as a tuple that compares."""
    return tuple(int(number) for number in re.findall(r"\d+", version))
