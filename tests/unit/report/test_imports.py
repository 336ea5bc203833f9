"""`quantci report` answers at once, so its modules load nothing heavy while they are imported."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import quantci

SOURCE = Path(quantci.__path__[0])
MODULES = sorted(module for room in ("report", "render") for module in (SOURCE / room).rglob("*.py"))
LIGHT = {*sys.stdlib_module_names, "msgspec", "quantci"}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.relative_to(SOURCE).as_posix())
def test_module_imports_only_what_is_light(module: Path) -> None:
    names = []
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(str(node.module))
    assert {name.split(".")[0] for name in names} <= LIGHT
