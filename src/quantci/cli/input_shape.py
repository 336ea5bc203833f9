"""The option --input-shape of the commands that look at a model without a quantci.toml."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add_input_shape(parser: argparse.ArgumentParser) -> None:
    """Declare the option."""
    parser.add_argument(
        "--input-shape",
        type=_shape,
        default=(),
        metavar="1,3,96,96",
        help="shape of an ONNX model's input, where the file leaves a size open",
    )


def _shape(text: str) -> tuple[int, ...]:
    if not re.fullmatch(r"[1-9]\d{0,8}(,[1-9]\d{0,8})*", text):
        message = "not sizes with commas between them"
        raise ValueError(message)
    return tuple(map(int, text.split(",")))
