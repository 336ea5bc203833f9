"""Records of two runs side by side: what must be equal."""

from __future__ import annotations

import json
from typing import Any

_TIMES = {"median_us", "p90_us", "duration_s"}


def timeless(value: Any) -> Any:
    """A record as JSON gives it, less provenance and what time alone decides."""
    if isinstance(value, dict):
        return {key: None if key in {"provenance", *_TIMES} else timeless(item) for key, item in value.items()}
    return [timeless(item) for item in value] if isinstance(value, list) else value


def masked(text: str) -> str:
    """A record's text, less what `timeless` leaves out: what must be equal, byte for byte."""
    document = json.loads(text)
    assert json.dumps(document, indent=2, ensure_ascii=False) + "\n" == text, "the mask must change no byte"
    return json.dumps(timeless(document), indent=2)
