"""What the protocol costs on a line: framed upload compared with bare bytes, text with its own bytes."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.measure import Row
from quantci.device.driver import Device
from quantci.device.text import TextClient
from quantci.device.transport import open_port

if TYPE_CHECKING:
    from collections.abc import Iterator

USB_RATE = 200_000  # bytes a second: USB-Serial-JTAG as people measure it
UART_RATE = 11_520  # 115,200 baud, 8N1
MODEL_BYTES = 500_000
SAMPLES, SAMPLE_BYTES = 1000, 490  # of keyword spotting
TEXT_SAMPLES = 20
SINK = """
import os, sys, tty
master, slave = os.openpty()
tty.setraw(slave)
print(os.ttyname(slave), flush=True)
while True:
    left = int(sys.argv[1])
    while left > 0:
        left -= len(os.read(master, 65536))
    os.write(master, b"!")
"""


@contextmanager
def running(*command: str) -> Iterator[str]:
    """A process that prints the name of its port."""
    with subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def serving(*options: str) -> tuple[str, ...]:
    """The command of a virtual device without a model."""
    return ("-m", "quantci", "device", "serve", "--engine", "echo", *options)


def raw_rate(runs: int) -> float:
    """Bytes a second of a pty, between two Python processes that do nothing else; the best run."""
    data = np.random.default_rng(0).bytes(MODEL_BYTES)
    with running("-c", SINK, str(len(data))) as name, open_port(name) as port:
        found = []
        for _ in range(runs):
            start_s = time.perf_counter()
            for place in range(0, len(data), 4096):
                port.write(data[place : place + 4096])
            assert port.read(60) == b"!"
            found.append(len(data) / (time.perf_counter() - start_s))
        return max(found)


def framed_rate(runs: int, *options: str) -> float:
    """Bytes of a model a second that arrive, are checked, hashed and acknowledged; the best run."""
    with running(*serving(*options)) as name, Device(open_port(name)) as device:
        device.hello()
        found = []
        for seed in range(runs):
            model = np.random.default_rng(seed).bytes(MODEL_BYTES)
            start_s = time.perf_counter()
            device.upload(0, model)
            found.append(len(model) / (time.perf_counter() - start_s))
        return max(found)


def evaluation_s(*options: str) -> float:
    """Seconds for 1,000 samples of keyword spotting there and back, without a model that takes time."""
    inputs = np.random.default_rng(0).integers(-128, 128, (SAMPLES, 1, SAMPLE_BYTES)).astype(np.int8)
    with running(*serving(*options)) as name, Device(open_port(name)) as device:
        device.hello()
        device.upload(0, b"ECHO" + SAMPLE_BYTES.to_bytes(4, "little"))
        device.select(0)
        start_s = time.perf_counter()
        for sample in inputs:
            device.run([sample])
        return time.perf_counter() - start_s


def text_s() -> float:
    """Seconds for the inputs of TEXT_SAMPLES samples in text at UART_RATE.

    The virtual line carries both ways at a time, and lets up to 64 bytes arrive before they are through: a command and
    its answer overlap a little, which on a real line they do not.
    """
    with running(*serving("--rate", str(UART_RATE))) as name, open_port(name) as port:
        client = TextClient(port)
        client.settle(0.5)
        start_s = time.perf_counter()
        for _ in range(TEXT_SAMPLES):
            client.load(bytes(SAMPLE_BYTES))
        return time.perf_counter() - start_s


def text_bytes() -> int:
    """Bytes on the line for one sample in text, both ways: they do not overlap."""
    load = f"db load {SAMPLE_BYTES}%m-[Expecting {SAMPLE_BYTES} bytes]\r\nm-ready\r\n"
    pieces = [min(31, SAMPLE_BYTES - start) for start in range(0, SAMPLE_BYTES, 31)]
    return len(load) + sum(len("db %m-ready\r\n") + 2 * piece for piece in pieces) + len("m-load-done\r\n")


def line(runs: int = 5) -> list[Row]:
    """All of it; each upload that many times, those on a line without limit eight times as many."""
    usb = ("--rate", str(USB_RATE))
    slow, fast, raw = framed_rate(runs, *usb), framed_rate(8 * runs), raw_rate(8 * runs)
    run_s, text, ideal_s = evaluation_s(*usb), text_s(), TEXT_SAMPLES * text_bytes() / UART_RATE
    share, most, over = slow / USB_RATE, run_s / 180, text / ideal_s
    bare, uart = f"{raw / 1e6:.0f} MB/s", f"{ideal_s:.2f} s"
    return [
        Row("upload of a model at 200 kB/s", f"{slow / 1e3:.0f} kB/s", "200 kB/s", share, ">= 0.85", share >= 0.85),
        Row("the same on a pty without limit", f"{fast / 1e6:.1f} MB/s", bare, fast / raw, "", is_met=True),
        Row("1,000 KWS samples at 200 kB/s", f"{run_s:.1f} s", "180 s", most, "<= 1", most <= 1),
        Row("20 KWS samples in text, 115,200 baud", f"{text:.2f} s", uart, over, "<= 1.05", over <= 1.05),
    ]


if __name__ == "__main__":
    for row in line():
        print(row)
