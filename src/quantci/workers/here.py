"""A pool that is this process: what runs in a worker hands its calls to nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from quantci.workers.call import Call
from quantci.workers.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Here(Pool):
    """Makes each call when it is submitted. It is no wall: a model that crashes takes this process with it."""

    def __init__(self, *, where: str = "") -> None:
        super().__init__(1, where=where)

    def start(self) -> None:
        """There is nothing to start."""

    def submit(self, function: Callable[..., T], *args: object) -> Call[T]:
        """Make the call; what it raises is raised where its result is asked for, as elsewhere."""
        call = Call(function, ())
        try:
            call.end(function(*args), None)
        except Exception as error:  # noqa: BLE001  the caller shall have it
            call.end(None, error)
        return call
