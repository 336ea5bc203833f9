"""Packets on the line, against the vectors, and against the package cobs."""

import json

import pytest
from cobs import cobs
from hypothesis import given
from hypothesis import strategies as st
from tests.protocol_vectors import PLACE, make
from tests.virtual_line import PACKETS, VECTORS

from quantci.device.cobs import decode, encode
from quantci.device.packet import Packet, line_bytes, packet_in

LINES = {entry["name"]: bytes.fromhex(entry["line_hex"]) for entry in VECTORS["packets"]}
# Runs of zeros and of others: what the lengths in COBS are about.
RUNS = st.lists(st.one_of(st.binary(max_size=8), st.integers(0, 520).map(lambda count: b"\7" * count)), max_size=8)
PAYLOADS = st.one_of(st.binary(max_size=600), RUNS.map(b"\0".join))


def test_the_vectors_are_what_their_script_makes() -> None:
    assert json.loads(PLACE.read_text()) == make()


@pytest.mark.parametrize("name", LINES)
def test_a_packet_goes_on_the_line_as_its_vector(name: str) -> None:
    assert PACKETS[name].to_line() == LINES[name]
    assert packet_in(LINES[name][1:-1]) == PACKETS[name]


def test_the_check_of_123456789_is_the_one_that_every_table_of_crcs_has() -> None:
    # type 0, reserved 0, sequence 0, nonce 0: eight zeros; crc32(bytes(8) + b"123456789") by gzip
    line = Packet(0, 0, 0, b"123456789").to_line()
    assert cobs.decode(line[1:-1])[-4:] == bytes.fromhex("35dc12e4")


@given(PAYLOADS)
def test_cobs_is_that_of_the_package(data: bytes) -> None:
    encoded = encode(data)
    assert encoded == cobs.encode(data)
    assert decode(encoded) == data


@given(st.binary(max_size=300))
def test_decode_takes_what_the_package_takes_and_never_raises(data: bytes) -> None:
    try:
        expected = cobs.decode(data)
    except cobs.DecodeError:
        expected = None
    assert decode(data) == expected


@given(st.integers(0, 255), st.integers(0, 65535), st.integers(0, 2**32 - 1), PAYLOADS)
def test_a_packet_comes_back_as_it_went(kind: int, sequence: int, nonce: int, payload: bytes) -> None:
    packet = Packet(kind, sequence, nonce, payload)
    line = packet.to_line()
    assert line[0] == line[-1] == 0
    assert 0 not in line[1:-1]
    assert len(line) <= line_bytes(len(payload))
    assert packet_in(line[1:-1]) == packet


@given(PAYLOADS, st.data())
def test_no_packet_with_one_wrong_bit_is_taken(payload: bytes, data: st.DataObject) -> None:
    piece = bytearray(Packet(2, 1, 7, payload).to_line()[1:-1])
    bit = data.draw(st.integers(0, 8 * len(piece) - 1))
    piece[bit // 8] ^= 1 << bit % 8
    assert packet_in(bytes(piece)) is None
