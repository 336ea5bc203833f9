"""Records of two runs side by side: what must be equal, byte for byte."""

from __future__ import annotations

import json

_TIMES = {"median_us", "p90_us"}


def masked(text: str) -> str:
    """A record's text, less provenance and what time alone decides."""

    def scrub(value: object) -> object:
        if isinstance(value, dict):
            return {key: None if key in {"provenance", *_TIMES} else scrub(item) for key, item in value.items()}
        return [scrub(item) for item in value] if isinstance(value, list) else value

    document = json.loads(text)
    assert json.dumps(document, indent=2, ensure_ascii=False) + "\n" == text, "the mask must change no byte"
    return json.dumps(scrub(document), indent=2)
