"""What a process gives up before it opens a stranger's model, as far as the system lets it without root.

Everywhere: core dumps, and more memory or larger files than a model needs. On Linux too: reading and writing outside
of named folders, and TCP (Landlock, kernel 5.13; TCP from 6.7); all sockets, starting programs and looking into other
processes (seccomp, on x86-64 and arm64); and what root may do beyond other users. What the kernel lacks is passed over;
SECURITY.md says what then remains.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import sys
from typing import TYPE_CHECKING, Any, Final

from quantci.workers.limits import limit_resources

if TYPE_CHECKING:
    from collections.abc import Iterable

_FILE_BYTES: Final = 2 * 1024**3

# linux/landlock.h. A file's rights are a subset of a folder's; each version of the interface (ABI) knows some more.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_OF_FILES: Final = 0b111 | 1 << 14 | 1 << 15  # execute, write, read, truncate, ioctl
_READ: Final = 0b1101  # execute (to map libraries), read files, list folders
_RIGHTS_BY_ABI: Final = ((1, (1 << 13) - 1), (2, 1 << 13), (3, 1 << 14), (5, 1 << 15))
_TCP: Final = 0b11  # bind, connect
_SCOPES: Final = 0b11  # abstract sockets and signals to processes outside

# linux/audit.h, and the system calls that are refused: socket, connect, bind, execve, execveat, ptrace, io_uring_setup,
# process_vm_readv, process_vm_writev, add_key, request_key, keyctl, setsid, setpgid.
_REFUSED_CALLS: Final = {
    "x86_64": (0xC000003E, (41, 42, 49, 59, 322, 101, 425, 310, 311, 248, 249, 250, 112, 109)),
    "aarch64": (0xC00000B7, (198, 203, 200, 221, 281, 117, 425, 270, 271, 217, 218, 219, 157, 154)),
}
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050001  # the last one as EPERM
_X32: Final = 0x40000000  # system calls of a second table of x86-64


def confine(readable: Iterable[str], writable: Iterable[str]) -> None:
    """Give up what is not needed, for good; before the first thread is started, because threads are not asked.

    Args:
        readable: files and folders that may be read. What does not exist is passed over.
        writable: those that may be written to as well.
    """
    limit_resources(file_bytes=_FILE_BYTES)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS, which both of the next ask for
        _landlock(libc, readable, writable)
        _no_capabilities(libc)
        _seccomp(libc)


def die_with_parent(parent: int) -> None:
    """End when the process that started this one ends, however that went (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)  # PR_SET_PDEATHSIG, SIGKILL
        if os.getppid() != parent:
            os._exit(1)


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _layout_ = "ms"
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def _landlock(libc: Any, readable: Iterable[str], writable: Iterable[str]) -> None:
    abi = libc.syscall(_CREATE_RULESET, None, 0, 1)
    if abi < 1:
        return
    rights = sum(bits for since, bits in _RIGHTS_BY_ABI if abi >= since)
    attributes = _Ruleset(rights, _TCP if abi >= 4 else 0, _SCOPES if abi >= 6 else 0)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    ruleset = libc.syscall(_CREATE_RULESET, ctypes.byref(attributes), size, 0)
    if ruleset < 0:
        return
    for paths, wanted in ((readable, _READ), (writable, rights)):
        for path in paths:
            with contextlib.suppress(OSError):
                folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
                allowed = wanted & rights & (-1 if os.path.isdir(path) else _OF_FILES)  # noqa: PTH112
                rule = _Beneath(allowed, folder)
                libc.syscall(_ADD_RULE, ruleset, 1, ctypes.byref(rule), 0)
                os.close(folder)
    libc.syscall(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


class _Whose(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


def _no_capabilities(libc: Any) -> None:
    """Root without them is a user like others; linux/capability.h."""
    none = (ctypes.c_uint32 * 6)()
    libc.capset(ctypes.byref(_Whose(0x20080522, 0)), none)


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("filter", ctypes.POINTER(_Instruction)))


def _seccomp(libc: Any) -> None:
    if platform.machine() not in _REFUSED_CALLS or sys.maxsize < 2**32:
        return
    machine, calls = _REFUSED_CALLS[platform.machine()]
    tests = [(_EQUAL, number) for number in calls]
    if platform.machine() == "x86_64":
        tests.insert(0, (_AT_LEAST, _X32))
    program = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, machine), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    # From each test it is as many instructions to the last one as there are tests behind it, and the one that allows.
    program += [(code, len(tests) - index, 0, value) for index, (code, value) in enumerate(tests)]
    program += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE)]
    instructions = (_Instruction * len(program))(*(_Instruction(*line) for line in program))
    libc.prctl(22, 2, ctypes.byref(_Program(len(program), instructions)), 0, 0)  # PR_SET_SECCOMP, a filter
