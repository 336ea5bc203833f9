"""Annotations: lines that a runner reads from the log and shows beside the workflow and the changed files."""

from __future__ import annotations

from typing import Literal, TypeAlias

Level: TypeAlias = Literal["notice", "warning", "error"]


def annotation(level: Level, text: str, *, title: str = "", file: str = "", line: int = 0) -> str:
    """The workflow command as one line, without its end; whatever is in the texts, it stays one command.

    Args:
        level: what it looks like; `error` does not end the step.
        text: what it says.
        title: its first line, in bold.
        file: relative to the repository; without one it belongs to the workflow.
        line: of the file, from 1 on; 0 for the file as a whole.
    """
    places = (("file", file), ("line", str(line) if file and line else ""), ("title", title))
    properties = [f"{name}={_escape_property(value)}" for name, value in places if value]
    head = f"{level} {','.join(properties)}" if properties else level
    return f"::{head}::{_escape(text)}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
