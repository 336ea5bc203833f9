"""The host's driver against the virtual device, over a line in memory: what arrives, and what a fault is called."""

import hashlib

import numpy as np
import pytest
from tests.virtual_line import PACKETS, VECTORS, VirtualLine, echo_model

from quantci.device.command import Command, Flag, ModelPlace
from quantci.device.driver import Device
from quantci.device.link import Link
from quantci.device.packet import Packet
from quantci.device.receiver import Receiver
from quantci.device.virtual.machine import MODEL_PSRAM
from quantci.errors import BoardError, ModelRejected

MODEL = echo_model(490)
INPUT = np.arange(490, dtype=np.int16).astype(np.int8).reshape(1, 490)


def ready(faults: str = "", seed: int = 0, size: int = 490) -> Device:
    """A device with a model selected."""
    device = VirtualLine(faults, seed).open()
    device.hello()
    device.upload(0, echo_model(size))
    device.select(0, model_id="kws01")
    return device


def test_hello_says_that_the_device_is_virtual() -> None:
    hello = VirtualLine().open().hello()
    assert (hello.device, hello.engine, hello.protocol, hello.boot_count) == ("virtual", "echo", 1, 0)
    assert hello.slot_sha256 == (None, None)
    assert set(hello.fingerprint) >= {"chip", "clock_hz", "firmware_id"}
    assert hello.fingerprint["chip"] is None


def test_a_key_of_hello_can_be_set_and_left_out() -> None:
    hello = VirtualLine("hello.clock_hz=160000000,hello.board_id=").open().hello()
    assert hello.fingerprint["clock_hz"] == "160000000"
    assert hello.board_id is None


def test_a_model_is_uploaded_once() -> None:
    device = VirtualLine().open()
    device.hello()
    model = np.random.default_rng(0).bytes(50_000)
    sha256 = hashlib.sha256(model).hexdigest()
    assert device.upload(1, model) == (sha256, 0, 50_000)
    assert device.upload(1, model) == (sha256, 50_000, 0)
    assert device.hello().slot_sha256 == (None, sha256)
    device.erase(1)
    assert device.hello().slot_sha256 == (None, None)


def test_an_upload_goes_on_where_it_was_cut_off() -> None:
    line = VirtualLine("gone@chunk:4")
    device = line.open()
    device.hello()
    model = np.random.default_rng(0).bytes(80_000)
    with pytest.raises(BoardError):
        device.upload(0, model)
    line.device.is_away = False
    again = line.open()
    again.hello()
    upload = again.upload(0, model)
    assert upload.start == 3 * 16_379  # a payload without its head of five bytes
    assert upload.start + upload.sent_bytes == 80_000


def test_run_gives_the_outputs() -> None:
    outcome = ready().run([INPUT])
    np.testing.assert_array_equal(outcome.outputs[0], INPUT)


def test_inputs_and_outputs_larger_than_a_packet_go_in_pieces() -> None:
    values = np.random.default_rng(1).integers(-128, 128, (1, 30_000)).astype(np.int8)
    outcome = ready(size=30_000).run([values])
    np.testing.assert_array_equal(outcome.outputs[0], values)


def test_an_input_of_another_shape_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="takes int8"):
        ready().run([INPUT.astype(np.uint8)])


def test_invoke_gives_a_time_for_each_iteration() -> None:
    device = ready("latency=1500")
    device.load([INPUT])
    invocation = device.invoke(3, 600, flags=Flag.CHECKSUMS)
    assert invocation.iterations == 600
    assert invocation.total == (600 * 1_500_000, 600 * 1500)
    assert device.times(600) == [(1_500_000, 1500)] * 600
    assert [op.iterations for op in device.ops()] == [0]
    assert device.output(0) == INPUT.tobytes()


def test_a_disturbed_line_changes_no_output() -> None:
    device = ready("drop=2e-5,flip=2e-5,duplicate=2e-5,reorder=2e-5,noise=0.2", seed=5)
    model = np.random.default_rng(0).bytes(200_000)
    assert device.upload(1, model).sha256 == hashlib.sha256(model).hexdigest()
    for value in range(100):
        values = np.roll(INPUT, value)
        np.testing.assert_array_equal(device.run([values]).outputs[0], values)
    assert device.link.counts.repeated > 0


def test_an_invocation_whose_reply_was_lost_does_not_run_twice() -> None:
    line = VirtualLine("wrong-crc@invoke:1")
    device = line.open()
    device.hello()
    device.upload(0, MODEL)
    device.select(0)
    device.load([INPUT])
    assert device.invoke(0, 5).iterations == 5
    assert device.link.counts.repeated == 1
    assert len(line.machine.timings) == 5


FAULTS = {
    "mute": "usb-dead",
    "mute@run+": "timeout",
    "hang@run": "timeout",
    "hang=2@run": "reboot",
    "reboot=brownout@run": "reboot",
    "gone@run": "timeout",
    "wrong-crc@run+": "link",
    "flip=0.2": "link",
    "stale-nonce@run+": "identity",
    "stale-model": "identity",
    "error=timer@run": "timer",
    "error=storage@begin": "storage",
    "error=command@run": "protocol",
    "bootloader@run": "stuck-bootloader",
    "garbage=300000@run+,mute@run+": "link",
}


@pytest.mark.parametrize(("faults", "code"), FAULTS.items())
def test_a_fault_has_its_word(faults: str, code: str) -> None:
    with pytest.raises(BoardError) as caught:
        ready(faults.replace("@run+", "@run:1+")).run([INPUT])
    assert caught.value.code == code
    assert caught.value.where == "virtual line"
    assert caught.value.exit_code == 4


@pytest.mark.parametrize(
    ("error", "code"),
    {
        "op": "unsupported-op",
        "arena": "arena",
        "memory": "arena",
        "model": "tflm-refused",
        "place": "model-place",
    }.items(),
)
def test_what_the_model_is_to_blame_for_is_no_fault_of_the_board(error: str, code: str) -> None:
    with pytest.raises(ModelRejected) as caught:
        ready(f"error={error}@select")
    assert caught.value.code == code


def test_an_arena_that_is_absent_is_not_one_that_is_too_small() -> None:
    with pytest.raises(ModelRejected, match="has no such tensor arena") as caught:
        ready("error=memory@select")
    assert "device.arena" in caught.value.remedy


def test_a_restart_says_the_reason_and_what_was_printed() -> None:
    with pytest.raises(BoardError, match=r"while running the model.*brownout, which may be inexact.*m-ready") as caught:
        ready("reboot=brownout@run").run([INPUT])
    assert caught.value.code == "reboot"


def test_a_fault_of_the_line_says_the_phase_the_last_frame_and_the_counts() -> None:
    device = ready("wrong-crc@run:1+")
    with pytest.raises(BoardError, match=r"while running the model; last frame RUN \d+; requests \d+, repeated 3"):
        device.run([INPUT])


def test_one_wrong_output_is_no_fault_of_the_line() -> None:
    device = ready("wrong-output=3@run:2")
    for steps in (0, 3, 0):
        outcome = device.run([INPUT])
        assert int(outcome.outputs[0].astype(int)[0, 0] - INPUT.astype(int)[0, 0]) == steps


@pytest.mark.parametrize("seed", range(40))
def test_any_line_ends_in_the_right_answer_or_in_a_fault_of_the_line(seed: int) -> None:
    rate, word = 10.0 ** -(2 + seed % 3), ""
    try:
        device = ready(f"drop={rate},flip={rate},duplicate={rate},reorder={rate},noise=0.1", seed)
        for value in range(5):
            values = np.roll(INPUT, value)
            np.testing.assert_array_equal(device.run([values]).outputs[0], values)
    except BoardError as error:
        word = error.code
    assert word in {"", "link", "timeout", "usb-dead"}


def test_a_reboot_that_was_asked_for_is_no_fault() -> None:
    device = ready()
    device.reboot()
    hello = device.hello()
    assert (hello.boot_count, hello.reset_reason) == (1, "software")
    assert hello.slot_sha256[0] == hashlib.sha256(MODEL).hexdigest()


def test_the_device_closes_its_port() -> None:
    line = VirtualLine()
    with line.open():
        assert not line.closed
    assert line.closed


def test_a_port_that_goes_says_what_was_going_on() -> None:
    line = VirtualLine()
    device = line.open()
    device.hello()

    def gone(wait_s: float) -> bytes:
        raise BoardError("port-lost", "The port has gone: EIO.", where=line.url, remedy="Check the cable.")

    line.read = gone  # type: ignore[method-assign]
    with pytest.raises(BoardError) as caught:
        device.counters()
    assert caught.value.cause == (
        "The port has gone: EIO, while reading counters; last frame COUNTERS 1; requests 2, replies 1."
    )


def test_an_invocation_is_cancelled_as_the_vectors_say() -> None:
    line = VirtualLine()
    device, cancel = line.open(), VECTORS["cancel"]
    device.link = Link(line, device.log, nonce=PACKETS["cancel"].nonce, clock=lambda: line.now_s)
    device.hello()
    device.upload(0, MODEL)
    device.select(0)
    device.load([INPUT])
    line.write(b"".join(PACKETS[name].to_line() for name in cancel["send"]))
    assert line.read(0) == b"".join(PACKETS[name].to_line() for name in cancel["expect"])


def test_a_model_is_selected_in_psram_as_the_vectors_say() -> None:
    line = VirtualLine()
    device = line.open()
    assert device.hello().model_psram == MODEL_PSRAM
    device.upload(0, MODEL)
    sent: list[bytes] = []
    feed = line.write

    def write(data: bytes) -> None:
        sent.extend(packet.payload for packet in Receiver(lambda noise: None).feed(data))
        feed(data)

    line.write = write  # type: ignore[method-assign]
    device.select(0, place=ModelPlace.PSRAM, model_id="kws01")
    assert sent == [PACKETS["select-psram"].payload]
    device.upload(1, bytes(MODEL_PSRAM + 1))
    with pytest.raises(ModelRejected, match="2097153 bytes, PSRAM has room for 2097152") as caught:
        device.select(1, place=ModelPlace.PSRAM)
    assert caught.value.code == "model-place"
    device.select(1)


def test_who_is_stopped_while_the_device_measures_leaves_it_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C comes while the device computes; what the host then sends, the device finds between two iterations."""
    line = VirtualLine()
    device = line.open()
    device.hello()
    device.upload(0, MODEL)
    device.select(0)
    device.load([INPUT])
    sent: list[int] = []
    feed = line.write

    def write(data: bytes) -> None:
        (packet,) = Receiver(lambda noise: None).feed(data)
        sent.append(packet.type)
        if packet.type == Command.INVOKE:
            line.device._poll = iter([b"", b"", Packet(Command.CANCEL, 99, packet.nonce, b"").to_line()]).__next__
            feed(data)
            raise KeyboardInterrupt
        line.device._poll = bytes
        feed(data)

    monkeypatch.setattr(line, "write", write)
    with pytest.raises(KeyboardInterrupt):
        device.invoke(2**32 - 1, 1)
    assert sent == [Command.INVOKE, Command.CANCEL]
    np.testing.assert_array_equal(device.run([INPUT]).outputs[0], INPUT)


def test_a_device_that_does_not_answer_is_told_that_nobody_waits() -> None:
    device = ready("hang@invoke")
    device.load([INPUT])
    with pytest.raises(BoardError, match="No answer to INVOKE"):
        device.invoke(0, 1, deadline_s=2)
    assert "last frame CANCEL" in str(device.link.fault("timeout", "x"))
