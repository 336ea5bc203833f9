"""One job at a time has a board: a lock of the kernel, which dies with its holder, and a queue of those that wait."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import re
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from quantci.errors import BoardError, ToolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from filelock import BaseFileLock

_POLL_S: Final = 0.2
_ALL_MAY_WRITE: Final = 0o666  # another user's job waits for the same board


class Holder(NamedTuple):
    """Who has a board.

    Attributes:
        pid: its process.
        user: whose it is.
        command: what it runs.
        since: when it got the board, in UTC.
    """

    pid: int
    user: str
    command: str
    since: str

    def __str__(self) -> str:
        return f"process {self.pid} of {self.user} ({self.command}) since {self.since}"


def default_folder() -> Path:
    """Where the locks of this machine's boards are: the same for every user."""
    return Path(tempfile.gettempdir()) / "quantci-boards"


class BoardLock:
    """The lock of one board.

    Args:
        key: names the board, whatever its port is called: its serial number.
        command: what others are told that holds it.
        folder: where the locks are; by default that of this machine.
    """

    def __init__(self, key: str, *, command: str, folder: Path | None = None) -> None:
        self._key, self._command = key, command
        self._folder = (default_folder() if folder is None else folder) / re.sub(r"[^A-Za-z0-9._-]+", "_", key)

    @contextmanager
    def held(
        self,
        wait_s: float = 0.0,
        *,
        on_wait: Callable[[int, Holder | None], None] = lambda _position, _holder: None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Iterator[None]:
        """Have the board while the block runs.

        Args:
            wait_s: how long to wait for it.
            on_wait: called with the place in the queue (1 is next) and the holder, whenever one of them changes.
            clock: seconds that never go back.
            sleep: waits.

        Raises:
            BoardError: `busy`: others have it; the holder is named.
            ToolError: `unwritable`: the folder of the locks.
        """
        self._make_folder()
        main = self._lock("board")
        with self._ticket() as number:
            end_s, told = clock() + wait_s, None
            while not (self._place(number) == 1 and _try(main)):
                now = self._place(number), self.holder()
                if now != told:
                    on_wait(*now)
                    told = now
                if clock() >= end_s:
                    raise self._busy(*now)
                sleep(_POLL_S)
        try:
            self._write_holder()
            yield
        finally:
            with contextlib.suppress(OSError):
                (self._folder / "holder.json").unlink()
            main.release()

    def holder(self) -> Holder | None:
        """Who has it; None for nobody, or somebody who has not said it yet."""
        try:
            text = (self._folder / "holder.json").read_text(encoding="utf-8")
            found = Holder(**json.loads(text))
        except (OSError, ValueError, TypeError):
            return None
        lock = self._lock("board")
        if not _try(lock):
            return found
        lock.release()  # its holder was killed: the file is left over
        return None

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for folder in (self._folder.parent, self._folder):
                with contextlib.suppress(PermissionError):  # of another user, who has opened it already
                    folder.chmod(0o777)
        except OSError as error:
            raise ToolError(
                "unwritable",
                f"The lock of board {self._key} cannot be made: {error.strerror}.",
                where=str(self._folder),
                remedy="Let all users who share the boards write there.",
            ) from None

    def _lock(self, name: str) -> BaseFileLock:
        from filelock import FileLock

        return FileLock(self._folder / f"{name}.lock", mode=_ALL_MAY_WRITE)

    @contextmanager
    def _ticket(self) -> Iterator[str]:
        """A place in the queue: a file that is locked as long as its owner waits."""
        number = f"{time.time_ns():020d}-{os.getpid()}"
        lock = self._lock(number)
        lock.acquire()
        try:
            yield number
        finally:
            with contextlib.suppress(OSError):
                Path(lock.lock_file).unlink()
            lock.release()

    def _place(self, number: str) -> int:
        """How many wait before this one, itself included; those who were killed are cleared away."""
        place = 1
        for path in sorted(self._folder.glob("[0-9]*-[0-9]*.lock")):
            other = path.name.removesuffix(".lock")
            if other >= number:
                break
            lock = self._lock(other)
            if _try(lock):
                with contextlib.suppress(OSError):
                    path.unlink()
                lock.release()
            else:
                place += 1
        return place

    def _write_holder(self) -> None:
        holder = Holder(os.getpid(), _user(), self._command, datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"))
        path = self._folder / "holder.json"
        with contextlib.suppress(OSError):  # it is for messages only
            path.unlink(missing_ok=True)
            path.write_text(json.dumps(holder._asdict()), encoding="utf-8")

    def _busy(self, place: int, holder: Holder | None) -> BoardError:
        who = "somebody" if holder is None else str(holder)
        waits = f"; {place - 1} more wait before this job" if place > 1 else ""
        return BoardError(
            "busy",
            f"The board is held by {who}{waits}.",
            where=self._key,
            remedy="Wait longer, or end the job that holds it: then its lock is gone, too.",
        )


def _try(lock: BaseFileLock) -> bool:
    from filelock import Timeout

    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    return True


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return str(os.getuid()) if hasattr(os, "getuid") else "unknown"
