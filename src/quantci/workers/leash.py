"""A program that ends when the process that started it does: `python -m quantci.workers.leash PID PROGRAM WORDS`.

It becomes the program: there is no process between the two.
"""

from __future__ import annotations

import os
import sys

from quantci.workers.confine import die_with_parent

if __name__ == "__main__":
    die_with_parent(int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606  no shell is wanted
