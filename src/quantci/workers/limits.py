"""How much a worker may take of the machine."""

from __future__ import annotations

import contextlib
from typing import Final

_MEMORY_BYTES: Final = 16 * 1024**3


def limit_resources(*, file_bytes: int | None = None) -> None:
    """Limit memory and, if wanted, the size of files, and switch off core dumps, as far as the system supports it."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
        if file_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
