"""docs/errors.md lists every code word that the code can raise or advise, and no other."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
KINDS = {
    "BoardError",
    "ModelRejected",
    "DataRejected",
    "ConfigError",
    "ToolError",
    "Cancelled",
    "Damage",
    "Advice",
    "Doubt",
    "Failure",
}


def codes_in(tree: ast.AST) -> set[str]:
    """Code words in calls such as ModelRejected("empty", ...), both branches of a conditional one included."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS:
            first = node.args[:1] + [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            if first:
                constants = (part.value for part in ast.walk(first[0]) if isinstance(part, ast.Constant))
                found |= {word for word in constants if isinstance(word, str)}
    return found


def test_every_code_word_is_documented_and_no_other() -> None:
    used: set[str] = set()
    for path in (ROOT / "src").rglob("*.py"):
        used |= codes_in(ast.parse(path.read_text(encoding="utf-8")))
    used = {word for word in used if re.fullmatch(r"[a-z0-9-]{3,}", word)}
    documented = set(re.findall(r"^\| `([a-z0-9-]+)` \|", (ROOT / "docs" / "errors.md").read_text(), re.MULTILINE))
    assert len(used) > 50, "the search for code words has stopped finding them"
    assert documented >= used, f"not documented: {sorted(used - documented)}"
    elsewhere = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    assert not {word for word in documented if f'"{word}"' not in elsewhere}
