"""Makes tests/data/protocol_vectors.json, which the tests of the host and of the firmware read.

With zlib's CRC-32 and the package cobs, never with the code that is tested: `python -m tests.protocol_vectors`.
"""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

from cobs import cobs

PLACE = Path(__file__).parent / "data" / "protocol_vectors.json"
MAX_PAYLOAD = 4096
MAX_INPUT = 64
NONCE = 0x1234ABCD
READY = "m-ready\r\n"
COMMENT = (
    "Made by tests/protocol_vectors.py with zlib and the package cobs. The host's receiver gives `packets`, and "
    "`noise_hex` to its log; the device's gives device.packets, and device.text_hex to the text parser. Text: a device "
    "that has just started, has no model, and takes max_input bytes; <us> is a number."
)


def encode(kind: int, sequence: int, nonce: int, payload: bytes) -> bytes:
    """A packet after COBS, without its zeros."""
    body = struct.pack("<BBHI", kind, 0, sequence, nonce) + payload
    return bytes(cobs.encode(body + struct.pack("<I", zlib.crc32(body))))


def line(kind: int, sequence: int, nonce: int, payload: bytes) -> bytes:
    """A frame as it stands on the line."""
    return b"\0" + encode(kind, sequence, nonce, payload) + b"\0"


# name -> type, sequence, nonce, payload
PACKETS: dict[str, tuple[int, int, int, bytes]] = {
    "hello": (0x01, 0, NONCE, struct.pack("<H", 1)),
    "hello-reply": (0x81, 0, NONCE, b"protocol=1\nfirmware=quantci-bench 0.1.0\nengine=echo\ndevice=virtual\n"),
    "echo-check": (0x02, 1, NONCE, b"123456789"),
    "echo-empty": (0x02, 2, NONCE, b""),
    "echo-empty-all-zero": (0x02, 0, 0, b""),
    "echo-zeros": (0x02, 3, NONCE, bytes(32)),
    "echo-zero-run-253": (0x02, 4, 0xFFFFFFFF, b"\1" * 253),
    "echo-zero-run-254": (0x02, 5, 0xFFFFFFFF, b"\2" * 254),
    "echo-zero-run-255": (0x02, 6, 0xFFFFFFFF, b"\3" * 255),
    "echo-every-byte": (0x02, 0xFFFF, NONCE, bytes(range(256))),
    "echo-reply-every-byte": (0x82, 0xFFFF, NONCE, bytes(range(256))),
    "echo-full": (0x02, 0x0100, NONCE, bytes(i * i % 251 for i in range(MAX_PAYLOAD))),
    "counters": (0x03, 7, NONCE, b""),
    "counters-reply": (0x83, 7, NONCE, struct.pack("<4I", 8, 1, 0, 3)),
    "reboot": (0x04, 8, NONCE, b""),
    "reboot-reply": (0x84, 8, NONCE, b""),
    "begin": (0x10, 9, NONCE, struct.pack("<BI", 0, 3000) + bytes(range(32))),
    "begin-reply": (0x90, 9, NONCE, struct.pack("<I", 1024)),
    "chunk": (0x11, 10, NONCE, struct.pack("<BI", 0, 1024) + b"TFL3 weights"),
    "chunk-reply": (0x91, 10, NONCE, struct.pack("<I", 1036)),
    "end": (0x12, 11, NONCE, b"\0"),
    "end-reply": (0x92, 11, NONCE, bytes(range(32))),
    "erase": (0x13, 12, NONCE, b"\1"),
    "erase-reply": (0x93, 12, NONCE, b""),
    "select": (0x20, 13, NONCE, struct.pack("<BBI", 0, 0, 0) + b"kws01"),
    "select-reply": (
        0xA0,
        13,
        NONCE,
        struct.pack("<IIHBB", 22604, 262144, 13, 1, 1)
        + struct.pack("<BB4IIfi", 9, 4, 1, 49, 10, 1, 490, 0.5, 83)
        + struct.pack("<BB2IIfi", 9, 2, 1, 12, 12, 0.00390625, -128),
    ),
    "select-psram": (0x20, 25, NONCE, struct.pack("<BBI", 0, 2, 0) + b"kws01"),
    "error-place": (0xFF, 25, NONCE, struct.pack("<BH", 0x20, 18) + b"8 bytes, PSRAM has room for 4"),
    "input": (0x21, 14, NONCE, struct.pack("<BI", 0, 0) + bytes([0x80, 0xFF, 0x00, 0x01, 0x7F])),
    "input-reply": (0xA1, 14, NONCE, struct.pack("<I", 5)),
    "invoke": (0x22, 15, NONCE, struct.pack("<IIB", 10, 100, 3)),
    "invoke-reply": (0xA2, 15, NONCE, struct.pack("<IIQQ", 100, 0xDEADBEEF, 2_400_000_000, 10_000_000)),
    "times": (0x23, 16, NONCE, struct.pack("<IH", 0, 2)),
    "times-reply": (0xA3, 16, NONCE, struct.pack("<4Q", 24_000_100, 100_000, 23_999_900, 99_999)),
    "output": (0x24, 17, NONCE, struct.pack("<BII", 0, 0, 12)),
    "output-reply": (0xA4, 17, NONCE, struct.pack("<12b", *range(-128, -116))),
    "run": (0x25, 18, NONCE, b"\x80\x00\x7f"),
    "run-reply": (0xA5, 18, NONCE, struct.pack("<QQI", 24_000_000, 100_000, 0xCBF43926) + b"\x80\x7f"),
    "ops": (0x26, 19, NONCE, struct.pack("<H", 0)),
    "ops-reply": (
        0xA6,
        19,
        NONCE,
        struct.pack("<H", 2) + struct.pack("<HHQI", 3, 10, 1 << 33, 1) + struct.pack("<HHQI", 25, 10, 500, 0x80000000),
    ),
    "invoke-long": (0x22, 23, NONCE, struct.pack("<IIB", 0xFFFFFFFF, 8, 0)),
    "error-cancelled": (0xFF, 23, NONCE, struct.pack("<BH", 0x22, 17) + b"cancelled"),
    "cancel": (0x27, 24, NONCE, b""),
    "cancel-reply": (0xA7, 24, NONCE, b""),
    "event-progress": (0xFE, 0, NONCE, struct.pack("<BI", 1, 50)),
    "event-dropped": (0xFE, 0, NONCE, struct.pack("<BI", 2, 1)),
    "error-op": (0xFF, 20, NONCE, struct.pack("<BH", 0x20, 10) + b"GELU"),
    "error-no-text": (0xFF, 21, NONCE, struct.pack("<BH", 0x22, 14)),
}


def receivers() -> list[dict[str, object]]:
    """What each receiver makes of a line that was disturbed."""
    bodies = {name: encode(*packet) for name, packet in PACKETS.items()}
    check, empty, hello, begin = (bodies[name] for name in ("echo-check", "echo-empty", "hello", "begin"))
    zero, boot = b"\0", b"ESP-ROM:esp32s3-20210327\r\nBuild:Mar 27 2021\r\n"
    flipped = bytes([*check[:-1], check[-1] ^ 0x10])
    split = check[:6] + zero + check[7:]
    too_long = encode(0x02, 22, NONCE, b"x" * (MAX_PAYLOAD + 1))
    short = cobs.encode(b"\1" * 11)
    past_the_end = b"\x09abc"
    found: list[dict[str, object]] = []

    def add(name: str, on_line: bytes, host: tuple[list[str], bytes], device: tuple[list[str], bytes, int]) -> None:
        found.append(
            {
                "name": name,
                "line_hex": on_line.hex(),
                "packets": host[0],
                "noise_hex": host[1].hex(),
                "device": {"packets": device[0], "text_hex": device[1].hex(), "dropped": device[2]},
            }
        )

    def same(name: str, on_line: bytes, packets: list[str], noise: bytes = b"") -> None:
        """What is noise to the host stands outside of frames: the device takes it for text."""
        add(name, on_line, (packets, noise), (packets, noise, 0))

    one, two = ["echo-check"], ["echo-check", "echo-empty"]
    same("one frame", zero + check + zero, one)
    same("frame after frame", zero + check + zero + zero + empty + zero, two)
    same("a repetition begins with two zeros", zero + zero + check + zero, one)
    same("zeros alone", zero * 7, [])
    same("nothing", b"", [])
    same("text alone", b"name%", [], b"name%")
    same("boot log before a frame", boot + zero + check + zero, one, boot)
    same("text between frames", zero + check + zero + b"m-ready\r\n" + zero + empty + zero, two, b"m-ready\r\n")
    same("text after a frame", zero + check + zero + b"name%", one, b"name%")
    same(
        "invalid UTF-8 between frames",
        zero + check + zero + b"\xff\xfe\xc3(" + zero + empty + zero,
        two,
        b"\xff\xfe\xc3(",
    )
    add(
        "one zero between two frames",
        zero + check + zero + empty + zero,
        (two, b""),
        (one, empty, 0),
    )
    add(
        "the first zero is lost",
        check + zero + zero + empty + zero,
        (two, b""),
        (["echo-empty"], check, 0),
    )
    add(
        "the last zero is lost, and the next frame begins with one",
        zero + check + zero + hello + zero + zero + empty + zero,
        (["echo-check", "hello", "echo-empty"], b""),
        (two, hello, 0),
    )
    add(
        "the last zero is lost, and the next frame begins with two",
        zero + check + zero + zero + empty + zero,
        (two, b""),
        (two, b"", 0),
    )
    for name, wrong in {
        "a bit is flipped": flipped,
        "a byte is lost": check[:9] + check[10:],
        "a byte is doubled": check[:9] + check[8:],
        "two bytes have changed places": check[:8] + check[9:10] + check[8:9] + check[10:],
        "a packet shorter than its head": short,
        "a COBS code that leads past the end": past_the_end,
        "one byte": b"\x01",
        "text inside of a frame": check[:10] + b"printf" + check[10:],
    }.items():
        add(
            name,
            zero + wrong + zero + zero + empty + zero,
            (["echo-empty"], wrong),
            (["echo-empty"], b"", 1),
        )
    add(
        "a byte has become zero",
        zero + split + zero + zero + empty + zero,
        (["echo-empty"], check[:6] + check[7:]),
        (["echo-empty"], check[7:], 1),
    )
    add(
        "a frame without an end, then a repetition",
        zero + begin[:20] + zero + zero + begin + zero,
        (["begin"], begin[:20]),
        (["begin"], b"", 1),
    )
    add(
        "a frame without an end, then the end of the line",
        zero + begin[:20],
        ([], begin[:20]),
        ([], b"", 0),
    )
    add(
        "a payload of one byte too many for the device",
        zero + too_long + zero + zero + empty + zero,
        (["too-long", "echo-empty"], b""),
        (["echo-empty"], b"", 1),
    )
    return found


# name -> what is sent to a device that has just started and has no model, and what it answers. <us> is a number.
TEXT: dict[str, tuple[str, str]] = {
    "name": ("name%", "m-name-dut-[quantci-bench]\r\n"),
    "profile": ("profile%", "m-profile-[ULPMark for tinyML Firmware V0.0.1]\r\nm-model-[none]\r\n"),
    "timestamp": ("timestamp%", "m-lap-us-<us>\r\n"),
    "line ends are ignored": ("\r\nname%\r\n", "m-name-dut-[quantci-bench]\r\n"),
    "unknown": ("wat%", "e-[Unknown command: wat]\r\n"),
    "unknown with arguments": ("wat 1 2%", "e-[Unknown command: wat]\r\n"),
    "case matters": ("NAME%", "e-[Unknown command: NAME]\r\n"),
    "empty": ("%", "e-[Unknown command: ]\r\n"),
    "80 characters": ("x" * 80 + "%", f"e-[Unknown command: {'x' * 80}]\r\n"),
    "81 characters": ("x" * 81 + "%", "e-[Command longer than 80 characters]\r\n"),
    "db alone": ("db%", "e-[Command 'db' requires a subcommand]\r\n"),
    "db load alone": ("db load%", "e-[Command 'db load' requires the # of bytes]\r\n"),
    "db load of nothing": ("db load 0%", "e-[Command 'db load' must be >0 bytes]\r\n"),
    "db load of no number": ("db load x%", "e-[Command 'db load' must be >0 bytes]\r\n"),
    "db load of too much": ("db load 65%", "e-[Supplied buffer size 65 exceeds maximum of 64]\r\n"),
    "db load of far too much": (
        "db load 4294967297%",
        "e-[Supplied buffer size 4294967297 exceeds maximum of 64]\r\n",
    ),
    "db load": ("db load 64%", "m-[Expecting 64 bytes]\r\n"),
    "db before db load": ("db 00%", "e-[More than 0 bytes]\r\n"),
    "infer without a model": ("infer 1 0%", "e-[No model is selected]\r\n"),
    "infer 0": ("infer 0%", "e-[Inference iterations must be >0]\r\n"),
    "infer of a negative number": ("infer -1 0%", "e-[Inference iterations must be >0]\r\n"),
    "infer of no number": ("infer x%", "e-[Inference iterations must be >0]\r\n"),
    "infer with a negative warm-up": ("infer 1 -1%", "e-[Inference warmup must be >=0]\r\n"),
    "results without a model": ("results%", "e-[No model is selected]\r\n"),
}
# The same for several commands, one after the other: each with its reply.
DIALOGUES: dict[str, list[tuple[str, str]]] = {
    "a buffer is filled": [
        ("db load 10%", "m-[Expecting 10 bytes]\r\n"),
        ("db 00010203%", ""),
        ("db 7f80FfAa0908%", "m-load-done\r\n"),
        ("db print%", "m-buffer-00-01-02-03-7f-80-ff-aa\r\nm-buffer-09-08\r\n\r\n"),
    ],
    "a full line of db print": [
        ("db load 8%", "m-[Expecting 8 bytes]\r\n"),
        ("db 0102030405060708%", "m-load-done\r\n"),
        ("db print%", "m-buffer-01-02-03-04-05-06-07-08\r\n"),
    ],
    "a bad digit takes nothing": [
        ("db load 2%", "m-[Expecting 2 bytes]\r\n"),
        ("db 01zz%", "e-[Invalid hex digit 'zz']\r\n"),
        ("db 011%", "e-[Insufficent number of hex digits]\r\n"),
        ("db 0a0b%", "m-load-done\r\n"),
        ("db print%", "m-buffer-0a-0b\r\n\r\n"),
    ],
    "more than was announced takes nothing": [
        ("db load 2%", "m-[Expecting 2 bytes]\r\n"),
        ("db 010203%", "e-[More than 2 bytes]\r\n"),
        ("db 0405%", "m-load-done\r\n"),
        ("db 06%", "e-[More than 2 bytes]\r\n"),
        ("db print%", "m-buffer-04-05\r\n\r\n"),
    ],
    "a second load begins anew": [
        ("db load 2%", "m-[Expecting 2 bytes]\r\n"),
        ("db 01%", ""),
        ("db load 1%", "m-[Expecting 1 bytes]\r\n"),
        ("db 02%", "m-load-done\r\n"),
        ("db print%", "m-buffer-02\r\n\r\n"),
    ],
}


def make() -> dict[str, object]:
    """All of the file."""
    packets = {**PACKETS, "too-long": (0x02, 22, NONCE, b"x" * (MAX_PAYLOAD + 1))}
    dialogues = {**{name: [pair] for name, pair in TEXT.items()}, **DIALOGUES}
    return {
        "comment": COMMENT,
        "device": {"max_payload": MAX_PAYLOAD, "max_input": MAX_INPUT},
        "packets": [
            {
                "name": name,
                "type": kind,
                "sequence": sequence,
                "nonce": nonce,
                "payload_hex": payload.hex(),
                "line_hex": line(kind, sequence, nonce, payload).hex(),
            }
            for name, (kind, sequence, nonce, payload) in packets.items()
        ],
        "receiver": receivers(),
        # To a device whose model has its inputs: what is sent at once, and what it answers.
        "cancel": {"send": ["invoke-long", "cancel"], "expect": ["error-cancelled", "cancel-reply"]},
        "text": [
            {
                "name": name,
                "send": "".join(sent for sent, _ in pairs),
                "expect": "".join(reply + READY for _, reply in pairs),
            }
            for name, pairs in dialogues.items()
        ],
    }


if __name__ == "__main__":
    PLACE.write_text(json.dumps(make(), indent=1) + "\n")
