"""Annotations: lines that a runner reads from the log and shows beside the workflow and the changed files."""

from __future__ import annotations

from typing import Literal


def annotation(level: Literal["notice", "warning", "error"], text: str, *, title: str = "", file: str = "") -> str:
    """The workflow command as one line, without its end; whatever is in the texts, it stays one command."""
    properties = [f"{name}={_escape_property(value)}" for name, value in (("file", file), ("title", title)) if value]
    head = f"{level} {','.join(properties)}" if properties else level
    return f"::{head}::{_escape(text)}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
