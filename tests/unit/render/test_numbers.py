from __future__ import annotations

import pytest

from quantci.render.numbers import Number, percent, points, size, size_change


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (percent(0.9126), "91.3 %"),
        (percent(1.0), "100.0 %"),
        (percent(None), "none"),
        (points(-0.018), "\N{MINUS SIGN}1.8 pp"),
        (points(0.018), "+1.8 pp"),
        (points(-0.0001), "0.0 pp"),
        (size(1023), "1,023 B"),
        (size(43232), "43,232 B (42.2 KiB)"),
        (size(8 << 20), "8,388,608 B (8.0 MiB)"),
        (size_change(-9728), "\N{MINUS SIGN}9,728 B"),
        (size_change(0), "0 B"),
    ],
)
def test_numbers_read_as_people_write_them(text: Number | str, expected: str) -> None:
    assert str(text).replace("\u00a0", " ") == expected
