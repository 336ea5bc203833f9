"""The numbers of firmware/PROTOCOL.md."""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Final

VERSION: Final = 1
REPLY: Final = 0x80


class Command(IntEnum):
    """Type of a request; of its reply with REPLY added."""

    HELLO = 0x01
    ECHO = 0x02
    COUNTERS = 0x03
    REBOOT = 0x04
    BEGIN = 0x10
    CHUNK = 0x11
    END = 0x12
    ERASE = 0x13
    SELECT = 0x20
    INPUT = 0x21
    INVOKE = 0x22
    TIMES = 0x23
    OUTPUT = 0x24
    RUN = 0x25
    OPS = 0x26
    CANCEL = 0x27


EVENT: Final = 0xFE
ERROR: Final = 0xFF


class Event(IntEnum):
    """Kind of an EVENT."""

    PROGRESS = 1
    DROPPED = 2


class Region(IntEnum):
    """Where the tensor arena lies."""

    INTERNAL = 0
    PSRAM = 1


class ModelPlace(IntEnum):
    """Where the model lies while it runs: in its slot in flash, or copied into PSRAM."""

    FLASH = 0
    PSRAM = 2


class Flag(IntFlag):
    """Of INVOKE."""

    PROFILE = 1
    CHECKSUMS = 2


NO_FLAGS: Final = Flag(0)


class ErrorCode(IntEnum):
    """Of ERROR."""

    COMMAND = 1
    LENGTH = 2
    NONCE = 3
    VERSION = 4
    SLOT = 5
    SIZE = 6
    HASH = 7
    STORAGE = 8
    MODEL = 9
    OP = 10
    ARENA = 11
    INVOKE = 12
    INDEX = 13
    STATE = 14
    MEMORY = 15
    TIMER = 16
    CANCELLED = 17
    PLACE = 18
