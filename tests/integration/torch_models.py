"""The network of model.tflite for other frameworks: a module of PyTorch as a user has it, and its weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from quantci.tflite.model import Model

if TYPE_CHECKING:
    from numpy.typing import NDArray

TFLITE = Path(__file__).with_name("model.tflite")
# The network of make_sources.py. TensorFlow's "same" pads below and to the right where a stride of 2 needs one row.
NETWORK = """
import torch
from torch import nn


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.pad = nn.ZeroPad2d((0, 1, 0, 1))
        self.stem = nn.Conv2d(3, 8, 3, stride=2)
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.pointwise = nn.Conv2d(8, 16, 1)
        self.dense = nn.Linear(16, 3)

    def forward(self, x):
        x = torch.relu(self.stem(self.pad(x)))
        x = nn.functional.relu6(self.depthwise(x))
        x = torch.relu(self.pointwise(x)).mean((2, 3))
        return self.dense(x).softmax(1)


def bare():
    return Network()


def network():
    return Network(), torch.zeros(1, 3, 16, 16)
"""


def weights() -> dict[str, NDArray[np.float32]]:
    """The state dict of that network with the weights that TensorFlow trained, in model.tflite."""
    model = Model.read(TFLITE)

    def constant(index: int) -> NDArray[np.float32]:
        tensor = model.summary.tensors[index]
        stored = model.tree.subgraphs[0].tensors[index].buffer
        data = np.asarray(model.tree.buffers[stored].data, np.uint8)
        return np.frombuffer(data.tobytes(), "<f4").reshape(tensor.shape).copy()

    return {
        "stem.weight": constant(8).transpose(0, 3, 1, 2),
        "stem.bias": constant(9),
        "depthwise.weight": constant(5).transpose(3, 0, 1, 2),
        "depthwise.bias": constant(2),
        "pointwise.weight": constant(4).transpose(0, 3, 1, 2),
        "pointwise.bias": constant(1),
        "dense.weight": constant(6),
        "dense.bias": constant(3),
    }


def keras_weights() -> list[NDArray[np.float32]]:
    """The same in the order and layout of Keras."""
    own = weights()
    kernels = {name: value.transpose(2, 3, 1, 0) for name, value in own.items() if value.ndim == 4}
    kernels["depthwise.weight"] = own["depthwise.weight"].transpose(2, 3, 0, 1)
    kernels["dense.weight"] = own["dense.weight"].T
    return [kernels.get(name, value) for name, value in own.items()]


def state_dict() -> dict[str, Any]:
    """The same as tensors."""
    import torch

    return {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in weights().items()}
