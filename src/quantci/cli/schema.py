"""Write or check schemas/*.json, the JSON Schemas of every record. The records in the code are their source.

examples:
  quantci schema --write
  quantci schema --check
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from quantci.errors import EXIT_INPUT, EXIT_OK

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", action="store_true", help="write the schemas")
    what.add_argument("--check", action="store_true", help="say whether the files are up to date; exit 2 if not")
    parser.add_argument("--folder", default="schemas", metavar="DIR", help="folder of the schemas (default: schemas)")


def run(arguments: argparse.Namespace) -> int:
    """Write or check."""
    from quantci.records.base import write_bytes
    from quantci.schema import schemas

    folder = Path(arguments.folder)
    stale = []
    for name, text in schemas().items():
        path = folder / name
        if arguments.write:
            write_bytes(path, text)
            print(path)
        elif not path.is_file() or path.read_bytes() != text:
            stale.append(str(path))
    if stale:
        print(f"out of date: {', '.join(stale)}. Run: quantci schema --write", file=sys.stderr)
        return EXIT_INPUT
    return EXIT_OK
