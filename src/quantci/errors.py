"""One exception tree: every fault that a user can cause or meet has a kind, a code word, an exit code and a remedy.

Exit codes: 0 success, 1 a bug in quantci, 2 configuration or input, 3 a gate failed, 4 machine, tool or device,
130 stopped. A workflow may retry 4; it must not retry 3. docs/errors.md lists every code word.
"""

from __future__ import annotations

import errno
import sys
from typing import ClassVar, Final

EXIT_OK: Final = 0
EXIT_BUG: Final = 1
EXIT_INPUT: Final = 2
EXIT_GATE: Final = 3
EXIT_INFRASTRUCTURE: Final = 4
EXIT_CANCELLED: Final = 130


class QuantciError(Exception):
    """A fault with its cause, its place and its remedy.

    Attributes:
        code: stable kebab-case word of this fault, such as ``git-lfs-pointer``.
        cause: one sentence: what is wrong.
        where: file, key path, tensor or port that the fault is about; empty when there is none.
        remedy: one sentence: what to do.
    """

    status: ClassVar[str] = "tool_error"
    exit_code: ClassVar[int] = EXIT_INFRASTRUCTURE

    def __init__(self, code: str, cause: str, *, remedy: str, where: str = "") -> None:
        super().__init__(code, cause, where, remedy)
        self.code = code
        self.cause = cause
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.cause} {self.remedy} [{self.code}]"

    def __reduce__(self) -> tuple[object, ...]:
        # Faults cross process borders (worker pool): rebuild from the keyword arguments.
        return (_rebuild, (type(self), self.code, self.cause, self.remedy, self.where))


def _rebuild(kind: type[QuantciError], code: str, cause: str, remedy: str, where: str) -> QuantciError:
    return kind(code, cause, remedy=remedy, where=where)


class ConfigError(QuantciError):
    """quantci.toml, a command line option or an environment variable is wrong."""

    status = "config_rejected"
    exit_code = EXIT_INPUT


class ModelRejected(QuantciError):
    """The model cannot be read, is damaged, or cannot run on the target."""

    status = "model_rejected"
    exit_code = EXIT_INPUT


class DataRejected(QuantciError):
    """The calibration or evaluation set cannot be used."""

    status = "data_rejected"
    exit_code = EXIT_INPUT


class ToolError(QuantciError):
    """The machine or a tool failed: disk, memory, a missing package, a converter that crashed."""

    status = "tool_error"
    exit_code = EXIT_INFRASTRUCTURE


class BoardError(QuantciError):
    """A board, or the line to it, failed: never a sign that the model got worse."""

    status = "board_error"
    exit_code = EXIT_INFRASTRUCTURE


class Cancelled(QuantciError):
    """The user or the CI service stopped the run."""

    status = "cancelled"
    exit_code = EXIT_CANCELLED


# What the operating system says where not the code is wrong, but the machine full, or its settings too narrow.
_OF_THE_MACHINE: Final = frozenset(
    {errno.EAGAIN, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EPIPE}
    | {errno.EROFS}
)


def fault_of(error: BaseException) -> QuantciError:
    """What any exception is for the user: a fault as it is, a stop `cancelled`, others `path`, `system` or `bug`."""
    if isinstance(error, QuantciError):
        return error
    if isinstance(error, KeyboardInterrupt):
        return Cancelled("cancelled", "The run was stopped.", remedy="Run the command again to start over.")
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        return ConfigError(
            "path",
            "This name is longer than the file system allows.",
            where=str(error.filename or "")[:200],
            remedy="Shorten the name of the file, or of a folder that it lies in.",
        )
    if isinstance(error, OSError) and error.errno in _OF_THE_MACHINE:
        return ToolError(
            "system",
            f"The operating system refused: {error.strerror}.",
            where=str(error.filename or ""),
            remedy="Free what has run out (disk, memory, open files: ulimit -n), and check that the output is read.",
        )
    return ToolError("bug", f"{type(error).__name__}: {error}", remedy="Please report this as a bug in quantci.")


def task_not_judged(task: str, why: str, where: str, remedy: str = "") -> ConfigError:
    """A model or a set is for a task that quantci does not judge.

    Args:
        task: what people call it.
        why: what speaks for it.
        where: what names the model or the set.
        remedy: where there is a better one than to do without a judgement.
    """
    return ConfigError(
        "task-not-judged",
        f"This looks like {task}, which quantci does not judge yet: {why}.",
        where=where,
        remedy=remedy
        or "It judges one answer to each sample: classification, multi-label, regression or anomaly. For the INT8 "
        "model, its arena and its latency alone, run quantci quantize and quantci embed, which judge nothing.",
    )


def missing_tensorflow(what: str, instead: str = "") -> ToolError:
    """TensorFlow is not installed; on a Python that it has no wheels for, that cannot be helped there.

    Args:
        what: what needs it.
        instead: what else can be done, as the end of a sentence.
    """
    if sys.version_info >= (3, 14):
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        cause = f"{what} needs TensorFlow, which has no release for Python {version}."
        return ToolError("missing-extra", cause, remedy=f"Use Python 3.13{instead}.")
    cause = f"{what} needs TensorFlow, which is not installed."
    return ToolError("missing-extra", cause, remedy=f"Install it with pip install 'quantci[tensorflow]'{instead}.")


def missing_torch(what: str = "Reading a PyTorch source", instead: str = "") -> ToolError:
    """PyTorch is not installed; the arguments are those of `missing_tensorflow`."""
    return ToolError(
        "missing-extra",
        f"{what} needs PyTorch, which is not installed.",
        remedy=f"Install it with pip install 'quantci[torch]'{instead}.",
    )
