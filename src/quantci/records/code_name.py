"""A function of the user's own code, as quantci.toml names it."""

from __future__ import annotations

import re
from typing import Final, NamedTuple, Self

_FORM: Final = re.compile(r"(?P<module>[^\W\d]\w*(?:\.[^\W\d]\w*)*):(?P<function>[^\W\d]\w*)")


class CodeName(NamedTuple):
    """`package.module:function`."""

    module: str
    function: str

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """None where the text has another form: a path, for example."""
        match = _FORM.fullmatch(text)
        return cls(match["module"], match["function"]) if match else None

    def __str__(self) -> str:
        return f"{self.module}:{self.function}"
