"""Damage models, and run in LiteRT and TFLM what parse() lets through: `run_mutants.py FIRST END`.

Prints a line before each mutant and one after it, so that whoever started this sees which one ended the process.
"""

from __future__ import annotations

import random
import sys
from typing import Any

import numpy as np
from tests.models import tiny_autoencoder, tiny_float_cnn, tiny_int8_cnn

from quantci.errors import ModelRejected
from quantci.tflite.flatbuffer import parse
from quantci.tflite.lite_rt import open_lite_rt
from quantci.tflite.model import Model
from quantci.tflite.tflm import open_tflm

MODELS = (tiny_int8_cnn(), tiny_float_cnn(0, size=8), tiny_autoencoder(0))
WORDS = (0, 1, 2, 3, 255, 65536, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def structure_of(model: bytes) -> list[int]:
    """Places of all bytes that are no weights: a changed weight is only another weight."""
    is_structure = np.ones(len(model), bool)
    start = np.frombuffer(model, np.uint8).ctypes.data
    for buffer in parse(model, "").buffers:
        if buffer.data is not None and len(buffer.data) > 64:
            place = buffer.data.ctypes.data - start
            is_structure[place : place + len(buffer.data)] = False
    return [int(place) for place in np.flatnonzero(is_structure)]


PLACES = [structure_of(model) for model in MODELS]


def mutant(seed: int) -> bytes:
    """One of the models with one to eight bytes or words changed."""
    chance = random.Random(seed)
    chosen = chance.randrange(len(MODELS))
    data = bytearray(MODELS[chosen])
    for _ in range(chance.choice([1, 1, 1, 2, 3, 8])):
        place = chance.choice(PLACES[chosen])
        if chance.random() < 0.25:
            place = min(place & ~3, len(data) - 4)
            data[place : place + 4] = chance.choice(WORDS).to_bytes(4, "little")
        else:
            data[place] = chance.choice([chance.randrange(256), data[place] ^ 1 << chance.randrange(8)])
    return bytes(data)


def use(model: bytes) -> str:
    """`rejected` by parse(), `refused` by an interpreter, or `ran` in all."""
    view = Model(model, "")
    try:
        view.tree  # noqa: B018
    except ModelRejected:
        return "rejected"
    openers: tuple[Any, ...] = (open_tflm, open_lite_rt, lambda view: open_lite_rt(view, kernels="reference"))
    refused = 0
    for opener in openers:
        try:
            runner = opener(view)
            for value in (0, 7):
                runner.run([np.full(spec.shape, value, spec.dtype) for spec in runner.inputs])
        except ModelRejected:
            refused += 1
    return "refused" if refused else "ran"


if __name__ == "__main__":
    for number in range(int(sys.argv[1]), int(sys.argv[2])):
        sys.stdout.write(f"{number} ")
        sys.stdout.flush()
        sys.stdout.write(f"{use(mutant(number))}\n")
        sys.stdout.flush()
