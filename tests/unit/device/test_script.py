"""The language of faults."""

import pytest

from quantci.device.virtual.disturbance import Disturbance
from quantci.device.virtual.script import Script, parse_script
from quantci.errors import ConfigError


def test_each_part_of_a_fault_is_read() -> None:
    assert parse_script("") == []
    assert parse_script("drop=1e-3, reboot@invoke:3,wrong-output=64@run:5+,hello.chip=esp32,mute@packet") == [
        ("drop", "1e-3", None, 1, False),
        ("reboot", "", "invoke", 3, False),
        ("wrong-output", "64", "run", 5, True),
        ("hello.chip", "esp32", None, 1, False),
        ("mute", "", "packet", 1, False),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "wat",
        "drop",
        "drop=2",
        "drop=x",
        "mute=1",
        "hang=x",
        "reboot@nothing",
        "reboot@run:x",
        "error=wat",
        "error",
        "=3",
        "a b",
    ],
)
def test_what_is_not_a_fault_is_refused(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_script(text)
    assert (caught.value.code, caught.value.where) == ("config-value", "--faults")
    assert repr(text) in caught.value.cause


def test_a_fault_fires_at_its_packet() -> None:
    script = Script(parse_script("mute@run:2,hang@run:2+,deaf@packet:3"))
    fired = []
    for command in ("run", "echo", "run", "run"):
        script.seen(command)
        fired.append([name for name in ("mute", "hang", "deaf") if script.fires(name) is not None])
    assert fired == [[], [], ["mute", "hang", "deaf"], ["hang"]]


def test_times_are_spoilt_as_asked() -> None:
    assert Script().spoil_time(1_234_567) == (1_234_567, 1234)
    assert Script(parse_script("latency=2.5")).spoil_time(9) == (2500, 2)
    assert Script(parse_script("timer-zero")).spoil_time(5000) == (0, 5)
    assert Script(parse_script("timer-mismatch=1.05")).spoil_time(100_000) == (105_000, 100)
    assert Script(parse_script("timer-wrap")).spoil_time(5000) == (2**64 - 2**32 + 5000, 5)


@pytest.mark.parametrize(("kind", "lengthens"), [("drop", -1), ("duplicate", 1), ("flip", 0), ("reorder", 0)])
def test_about_as_many_bytes_suffer_as_the_rate_says(kind: str, lengthens: int) -> None:
    line = Disturbance(Script(parse_script(f"{kind}=0.01"), seed=1))
    data = bytes(range(256)) * 400
    parts = [line.pass_on(data[start : start + 97]) for start in range(0, len(data), 97)]
    out = b"".join(parts)
    suffered = abs(len(out) - len(data)) if lengthens else sum(a != b for a, b in zip(out, data, strict=True))
    assert (len(out) - len(data)) * lengthens >= 0
    assert 0.006 * len(data) < suffered < 0.022 * len(data)  # two bytes suffer when they change places


def test_the_same_seed_gives_the_same_line() -> None:
    def spoilt(seed: int) -> bytes:
        return Disturbance(Script(parse_script("drop=0.1,flip=0.1"), seed)).pass_on(bytes(500))

    assert spoilt(4) == spoilt(4) != spoilt(5)


def test_without_faults_nothing_changes() -> None:
    assert Disturbance(Script()).pass_on(b"abc") == b"abc"
    assert Disturbance(Script(parse_script("drop=1"))).pass_on(b"abc") == b""
