"""What a worker died of, as far as its exit code and the kernel's own count tell."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Final

from quantci.errors import ModelRejected, ToolError

if TYPE_CHECKING:
    from quantci.errors import QuantciError

_SERVER_IS_GONE: Final = 255  # multiprocessing's exit code for a process that its fork server can no longer tell about


def death_of(code: int | None, is_served: bool, kills_before: int | None, where: str) -> QuantciError:  # noqa: FBT001
    """The fault of a worker that ended by itself.

    Args:
        code: its exit code as multiprocessing has it: negative for a signal; None where it was stuck, and was killed.
        is_served: whether a fork server stands between it and this process.
        kills_before: kills_for_memory() from before.
        where: the file that it worked on.
    """
    if code is None:
        return _killed("A worker took no call and gave no answer any more, and was ended.", where)
    if code == -signal.SIGKILL:
        kills = kills_for_memory()
        if kills is None or kills_before is None or kills > kills_before:
            return out_of_memory("A worker was killed by SIGKILL, most likely because memory ran out.", where)
        return _killed("A worker was killed by SIGKILL, though not by the kernel for memory.", where)
    if is_served and code == _SERVER_IS_GONE:
        return _killed("A worker died, and so did the process that knows why.", where)
    return ModelRejected(
        "crashed-interpreter",
        f"The interpreter died of {_name(code)} on this model.",
        where=where,
        remedy="The file is damaged or uses an op in a way that its kernel does not expect: export it again.",
    )


def out_of_memory(cause: str, where: str) -> ToolError:
    """The fault of a machine that is too small."""
    return ToolError(
        "out-of-memory",
        cause,
        where=where,
        remedy="Use a machine with more memory, or set evaluation.workers to 1.",
    )


def died_at_its_start(where: str) -> ToolError:
    """The fault of a worker that was gone before it had read what it is to do."""
    return _killed("A worker died while it was started.", where)


def _killed(cause: str, where: str) -> ToolError:
    return ToolError(
        "worker-killed",
        cause,
        where=where,
        remedy="Run it again; if it is killed again, look for a time limit of the CI service or container.",
    )


def kills_for_memory() -> int | None:
    """How many processes the kernel has killed for memory since it started; None where it does not say."""
    try:
        found = re.search(r"^oom_kill (\d+)$", Path("/proc/vmstat").read_text(encoding="ascii"), re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) if found else None


def _name(code: int) -> str:
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"exit code {code}"
