"""What workers shall have imported when they start; for the start of a command."""

from __future__ import annotations

import contextlib
import gc
import importlib
import multiprocessing
import sys

from quantci.workers.signals import held_back


def preload(*modules: str) -> None:
    """Let every worker have these modules.

    On Linux this process imports them, which needs most of them, too: workers are forks of it. Elsewhere, and once this
    process has other threads, multiprocessing's fork server does.
    """
    if sys.platform == "win32":
        return
    multiprocessing.get_context("forkserver").set_forkserver_preload(list(modules))
    if sys.platform != "linux":
        return
    with held_back():  # in the middle of an import, Python may lose them
        for name in modules:
            with contextlib.suppress(ImportError):  # who needs it says what is missing
                importlib.import_module(name)
    gc.freeze()  # none of this is ever garbage: a collection would only copy the pages that processes share
