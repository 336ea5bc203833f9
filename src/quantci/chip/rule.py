"""What a rule is, and which versions of a library it is about."""

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
        first, last: versions of the library that the fault was seen or read in, both included; None where every
            version that was tried has it. A version that nobody looked at is not accused.
        ops: names of the ops that run in this kernel.
        matches: whether an op of these meets the fault.
        severity, cause, remedy: see KernelHit.
        source: address of the report, or of the line that is wrong.
        is_confirmed: by measurement, by the sources or by a maintainer; else it is only reported.
    """

    name: str
    library: str
    first: str | None = None
    last: str | None = None
    ops: frozenset[str]
    matches: Callable[[Op], bool]
    severity: Severity
    cause: str
    remedy: str
    source: str
    is_confirmed: bool = True

    @property
    def versions(self) -> str:
        """The versions in words."""
        if self.first is None or self.last is None:
            return "every version that was tried"
        return self.first if self.first == self.last else f"{self.first} to {self.last}"

    def concerns(self, version: str) -> bool:
        """Whether this version of the library has the fault."""
        if self.first is None or self.last is None:
            return True
        return _numbers(self.first) <= _numbers(version) <= _numbers(self.last)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))
