"""Reads actions, workflows and the tables about them, for the tests that hold them to each other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]


def read(path: Path) -> dict[str, Any]:
    """An action or a workflow."""
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def table(document: Path, head: str, after: str = "") -> list[list[str]]:
    """The cells of the first table with this head after that text, without the backticks of names and defaults."""
    text = document.read_text(encoding="utf-8")
    text = text[text.index(after) :]
    lines = text[text.index(f"| {head} |") :].split("\n\n")[0].splitlines()[2:]
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))] for line in lines]
    return [[cell.strip("`") for cell in row[:-1]] + [row[-1]] for row in rows]
