"""Both receivers: what they make of a disturbed line, and that no line makes them raise or grow."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.virtual_line import PACKETS, VECTORS

from quantci.device.packet import Packet
from quantci.device.receiver import MAX_PENDING_BYTES, Receiver
from quantci.device.virtual.device_receiver import DeviceReceiver

STEPS = [1, 3, 10_000]
CASES = {case["name"]: case for case in VECTORS["receiver"]}
GOOD = Packet(2, 7, 99, b"good \0 packet")
LINES = st.lists(st.one_of(st.binary(max_size=40), st.just(b"\0"), st.just(GOOD.to_line())), max_size=20).map(b"".join)


def cut(line: bytes, step: int) -> list[bytes]:
    return [line[start : start + step] for start in range(0, len(line), step)]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("name", CASES)
def test_the_host_finds_the_packets_and_logs_the_rest(name: str, step: int) -> None:
    case: dict[str, Any] = CASES[name]
    noise = bytearray()
    receiver = Receiver(noise.extend)
    packets = [packet for part in cut(bytes.fromhex(case["line_hex"]), step) for packet in receiver.feed(part)]
    receiver.flush()
    assert packets == [PACKETS[wanted] for wanted in case["packets"]]
    assert noise.hex() == case["noise_hex"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("name", CASES)
def test_the_device_tells_frames_from_text(name: str, step: int) -> None:
    case: dict[str, Any] = CASES[name]
    receiver = DeviceReceiver(VECTORS["device"]["max_payload"])
    found = [item for part in cut(bytes.fromhex(case["line_hex"]), step) for item in receiver.feed(part)]
    wanted = case["device"]
    assert [item for item in found if isinstance(item, Packet)] == [PACKETS[packet] for packet in wanted["packets"]]
    assert b"".join(item for item in found if type(item) is bytes).hex() == wanted["text_hex"]
    assert found.count(None) == receiver.dropped == wanted["dropped"]
    assert receiver.packets == len(wanted["packets"])


@given(LINES, st.integers(1, 50))
def test_the_host_finds_a_good_packet_after_anything(line: bytes, step: int) -> None:
    receiver = Receiver(lambda _: None)
    packets = [packet for part in cut(line + GOOD.to_line(), step) for packet in receiver.feed(part)]
    assert packets[-1] == GOOD


@given(LINES, st.integers(1, 50))
def test_the_device_finds_a_good_packet_after_two_zeros(line: bytes, step: int) -> None:
    receiver = DeviceReceiver(64)
    found = [item for part in cut(line + b"\0" + GOOD.to_line(), step) for item in receiver.feed(part)]
    assert [item for item in found if isinstance(item, Packet)][-1] == GOOD


@given(LINES)
def test_the_device_is_back_in_text_after_silence(line: bytes) -> None:
    receiver = DeviceReceiver(64)
    list(receiver.feed(line))
    dropped = receiver.dropped
    assert receiver.silence() == (receiver.dropped > dropped)
    assert list(receiver.feed(b"name%")) == [b"name%"]


def test_ten_megabytes_without_a_zero_are_logged_and_not_kept() -> None:
    logged = 0

    def count(data: bytes) -> None:
        nonlocal logged
        logged += len(data)
        assert len(data) <= MAX_PENDING_BYTES

    receiver = Receiver(count)
    for _ in range(160):
        assert not receiver.feed(b"x" * 65_536)
        assert len(receiver._pending) <= MAX_PENDING_BYTES
    assert receiver.feed(b"\0" + GOOD.to_line()) == [GOOD]
    assert logged == 160 * 65_536


def test_a_frame_that_is_too_long_for_the_host_is_no_packet() -> None:
    noise = bytearray()
    receiver = Receiver(noise.extend)
    assert receiver.feed(Packet(2, 1, 1, b"y" * MAX_PENDING_BYTES).to_line() + GOOD.to_line()) == [GOOD]
    assert len(noise) > MAX_PENDING_BYTES
