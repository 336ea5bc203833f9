"""Tables in the documents that are made from the code: `python tests/docs/tables.py --write` makes them anew.

A table stands between `<!-- table: NAME -->` and `<!-- end -->`.
"""

import argparse
import re
import sys
from pathlib import Path
from typing import Any

import msgspec

from quantci.cli.options import all_keys
from quantci.records.config import Config

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"(<!-- table: (?P<name>\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
DOCUMENTS = {"configuration": ROOT / "docs" / "configuration.md"}


def configuration() -> str:
    """Every key with its default, option, variable and meaning."""
    rows = ["| key | default | meaning |", "|---|---|---|"]
    defaults = msgspec.to_builtins(
        msgspec.convert({"model": {"source": "-"}, "calibration": {"data": "-"}, "evaluation": {"data": "-"}}, Config)
    )
    required = {"model.source", "calibration.data", "evaluation.data"}
    for key in all_keys():
        value: Any = defaults
        for part in key.path.split("."):
            value = value[part]
        shown = "required" if key.path in required else "not set" if value is None else f"`{toml(value)}`"
        rows.append(f"| `{key.path}` | {shown} | {key.help.replace('|', '&#124;')} |")
    return "\n".join(rows)


def toml(value: object) -> str:
    """A default as it would stand in quantci.toml."""
    return {"True": "true", "False": "false", "()": "[]"}.get(str(value), msgspec.json.encode(value).decode())


def fresh(text: str) -> str:
    """The document with its tables made anew."""
    return BLOCK.sub(lambda match: f"{match[1]}{globals()[match['name']]()}\n{match[3]}", text)


def main() -> int:
    """Write the tables, or say which are out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    write = parser.parse_args().write
    stale = 0
    for path in DOCUMENTS.values():
        text = path.read_text(encoding="utf-8")
        if fresh(text) != text:
            if write:
                path.write_text(fresh(text), encoding="utf-8")
                continue
            stale = 1
            print(f"{path.relative_to(ROOT)}: out of date; run python tests/docs/tables.py --write")
    return stale


if __name__ == "__main__":
    sys.exit(main())
