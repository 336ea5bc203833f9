"""The client of MLPerf Tiny's text, against the virtual device and against boards that answer otherwise."""

import pytest
from tests.virtual_line import VirtualLine, echo_model

from quantci.device.driver import Device
from quantci.device.serial_log import SerialLog
from quantci.device.text import TextClient
from quantci.errors import BoardError


class Recorded:
    """A Transport that answers each command with the next of its replies."""

    url = "recorded"

    def __init__(self, *replies: bytes) -> None:
        self.now_s = 0.0
        self.sent: list[bytes] = []
        self._replies, self._waiting = list(replies), b""

    def read(self, wait_s: float) -> bytes:
        data, self._waiting = self._waiting[:7], self._waiting[7:]
        self.now_s += 0.001 if data else wait_s
        return data

    def write(self, data: bytes) -> None:
        self.sent.append(data)
        self._waiting += self._replies.pop(0)

    def reset(self) -> bool:
        return False

    def close(self) -> None:
        pass


def client_of(line: VirtualLine | Recorded) -> TextClient:
    return TextClient(line, SerialLog(clock=lambda: line.now_s), clock=lambda: line.now_s)


def test_it_drives_a_device_through_an_inference() -> None:
    line = VirtualLine("latency=1000")
    line.machine.store(0, echo_model(70), "kws01")
    line.device.boot()
    client = client_of(line)
    client.settle()
    assert client.name() == "quantci-bench"
    assert client.profile() == ("ULPMark for tinyML Firmware V0.0.1", "kws01")
    client.load(bytes(range(70)))
    inference = client.infer(3, 0)
    assert inference.results == [float(value) for value in range(70)]
    assert inference.end_us >= inference.start_us
    assert client.results() == inference.results


def test_it_sends_31_bytes_a_command() -> None:
    board = Recorded(*[b"m-[Expecting 40 bytes]\r\nm-ready\r\n", b"m-ready\r\n", b"m-load-done\r\nm-ready\r\n"])
    client_of(board).load(b"\xab" * 40)
    assert board.sent == [b"db load 40%", b"db " + b"ab" * 31 + b"%", b"db " + b"ab" * 9 + b"%"]


def test_an_error_is_told_with_its_command() -> None:
    with pytest.raises(BoardError, match=r"answered 'wat' with e-\[Unknown command: wat\]") as caught:
        client_of(VirtualLine()).command("wat 1 2")
    assert caught.value.code == "text-refused"


def test_a_timeout_says_what_came() -> None:
    client = client_of(Recorded(b"m-infer-start-1\r\nm-lap-us-5\r\nGuru Medi\x00tation\xff"))
    with pytest.raises(
        BoardError, match=r"within 30 s of 'infer'; what came: .*m-lap-us-5; Guru Medi\\x00tation\\xff"
    ) as caught:
        client.infer()
    assert caught.value.code == "timeout"


@pytest.mark.parametrize(
    "reply",
    [
        b"m-infer-done\r\nm-ready\r\n",
        b"m-lap-us-1\r\nm-lap-us-2\r\nm-ready\r\n",
        b"m-lap-us-1\r\nm-lap-us-2\r\nm-results-[a]\r\nm-ready\r\n",
    ],
)
def test_an_answer_that_lacks_something_is_a_fault_of_the_line(reply: bytes) -> None:
    with pytest.raises(BoardError) as caught:
        client_of(Recorded(reply)).infer()
    assert caught.value.code == "link"


def test_an_endless_line_is_not_kept() -> None:
    client = client_of(Recorded(b"x" * 300_000))
    with pytest.raises(BoardError):
        client.command("name", deadline_s=100)
    assert len(client._pending) <= 64 * 1024


class Babbling(Recorded):
    """A board that never stops."""

    def __init__(self, words: bytes) -> None:
        super().__init__()
        self._words = words

    def read(self, wait_s: float) -> bytes:
        self.now_s += 0.01
        return self._words

    def write(self, data: bytes) -> None:
        pass


@pytest.mark.parametrize("words", [b"blah ", b"I (1) wifi: up\r\n"])
def test_a_board_that_never_stops_is_given_up(words: bytes) -> None:
    line = Babbling(words)
    client = client_of(line)
    client.settle()
    with pytest.raises(BoardError) as caught:
        client.name()
    assert caught.value.code == "timeout"
    assert line.now_s < 200
    device = Device(line, SerialLog(clock=lambda: line.now_s), clock=lambda: line.now_s)
    with pytest.raises(BoardError) as caught:
        device.hello()
    assert caught.value.code == "foreign-firmware"
    assert words.decode().strip() in caught.value.cause
