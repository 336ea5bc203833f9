"""What stands in the way of comparing two latencies is named with both values."""

from quantci.bench.fingerprint import differences


def test_equal_builds_are_comparable() -> None:
    assert differences({"chip": "esp32s3", "esp_nn": "1.2.3"}, {"esp_nn": "1.2.3", "chip": "esp32s3"}) == []


def test_each_difference_is_named_also_what_only_one_side_tells() -> None:
    before = {"clock_hz": "240000000", "psram": "octal/80MHz", "arena": "internal"}
    now = {"clock_hz": "160000000", "esp_nn": "1.2.3", "arena": "internal"}
    assert differences(before, now) == [
        "clock_hz was 240000000 and is 160000000",
        "esp_nn was not told and is 1.2.3",
        "psram was octal/80MHz and is not told",
    ]
