"""A call that a worker is to make."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Call(Generic[T]):
    """A call that a worker is to make: submit() gives it, result() waits for it."""

    def __init__(self, function: Callable[..., T], args: tuple[object, ...]) -> None:
        self.message = pickle.dumps((function, args), pickle.HIGHEST_PROTOCOL)
        self.is_done = False
        self._value: Any = None
        self._error: BaseException | None = None

    def end(self, value: Any, error: BaseException | None) -> None:
        """Keep what came of it."""
        self.is_done, self._value, self._error = True, value, error
        self.message = b""

    def outcome(self) -> T:
        """What the function returned, or raise what it raised."""
        if self._error is not None:
            raise self._error
        value: T = self._value
        return value
