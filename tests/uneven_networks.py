"""A classifier whose channels differ by decades, as after BatchNorm with uneven gammas: min-max ranges destroy it.

The small channels matter as much as the large ones: what reads them has weights that are larger in turn. HARD_SWISH and
residuals stand between, which equalisation cannot pass. It is trained here, in a few seconds, by torch.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tests.models import SAME, WINDOW, Op, Tensor, build_model
from torch.nn import functional

SIZE, CLASSES, BLOCKS = 16, 6, 3


def gratings(count: int, seed: int, noise: float = 1.4) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Striped pictures [n, 16, 16, 1] of a class for each direction, and their classes."""
    random = np.random.RandomState(seed)
    labels = random.randint(0, CLASSES, count)
    angle = labels * np.pi / CLASSES + random.uniform(-0.12, 0.12, count)
    frequency, phase = random.uniform(0.9, 1.6, count), random.uniform(0, 2 * np.pi, count)
    rows, columns = np.mgrid[:SIZE, :SIZE]
    along = columns * np.cos(angle)[:, None, None] + rows * np.sin(angle)[:, None, None]
    pictures = np.sin(along * frequency[:, None, None] + phase[:, None, None])
    pictures = pictures * random.uniform(0.4, 1.0, count)[:, None, None] + random.normal(0, noise, pictures.shape)
    return pictures[..., None].astype(np.float32), labels.astype(np.int64)


class Uneven:
    """Its parameters, [out, in, height, width] as torch has them; each channel is scaled by its own factor."""

    def __init__(self, decades: float, channels: int, seed: int) -> None:
        random = np.random.RandomState(seed)
        torch.manual_seed(seed)

        def factors() -> Any:
            return torch.from_numpy((10.0 ** random.uniform(-decades, 0, channels)).astype(np.float32))

        self.weights: list[Any] = []
        self.biases: list[Any] = []
        self.outer: list[Any] = []  # factor of the output's channels
        self.inner: list[Any] = []  # and of the input's
        stream = factors()
        self._add((channels, 1, 3, 3), stream, torch.ones(1))
        for _ in range(BLOCKS):
            wide = factors()
            self._add((channels, 1, 3, 3), wide, None, of=stream)  # depthwise
            self._add((channels, channels, 1, 1), stream, wide)
        self._add((CLASSES, channels, 1, 1), torch.ones(CLASSES), stream)

    def _add(self, shape: tuple[int, ...], outer: Any, inner: Any, of: Any = None) -> None:
        fan_in = float(np.prod(shape[1:]))
        self.weights.append((torch.randn(shape) * (2 / fan_in) ** 0.5).requires_grad_())
        self.biases.append(torch.zeros(shape[0], requires_grad=True))
        self.outer.append(outer if of is None else outer / of)
        self.inner.append(torch.ones(1) if inner is None else inner)

    def kernel(self, place: int) -> Any:
        """The weights as the model has them."""
        return self.weights[place] * self.outer[place][:, None, None, None] / self.inner[place][None, :, None, None]

    def bias(self, place: int) -> Any:
        """The bias as the model has it: of the size of its channel."""
        outer = self.outer[place]
        depthwise_of = self.outer[0] if self.weights[place].shape[1] == 1 and place else 1.0
        return self.biases[place] * outer * depthwise_of

    def logits(self, pictures: Any) -> Any:
        """Of [n, 1, height, width]."""
        x = functional.hardswish(_same(pictures, self.kernel(0), self.bias(0), 2, 1))
        for block in range(BLOCKS):
            place = 1 + 2 * block
            y = functional.hardswish(_same(x, self.kernel(place), self.bias(place), 1, x.shape[1]))
            x = x + functional.conv2d(y, self.kernel(place + 1), self.bias(place + 1))
        return functional.conv2d(x.mean((2, 3), keepdim=True), self.kernel(-1), self.bias(len(self.weights) - 1))[
            :, :, 0, 0
        ]

    def train(self, steps: int, seed: int) -> None:
        """With Adam, on fresh pictures."""
        torch.set_num_threads(1)
        optimizer = torch.optim.Adam([*self.weights, *self.biases], lr=6e-3)
        pictures, labels = gratings(4096, seed)
        random = np.random.RandomState(seed)
        for step in range(steps):
            for group in optimizer.param_groups:
                group["lr"] = 6e-3 * 0.5 * (1 + np.cos(np.pi * step / steps))
            chosen = random.randint(0, len(pictures), 64)
            x = torch.from_numpy(pictures[chosen]).permute(0, 3, 1, 2)
            loss = functional.cross_entropy(self.logits(x), torch.from_numpy(labels[chosen]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    def flatbuffer(self) -> bytes:
        """The float model."""
        half, channels = SIZE // 2, self.weights[0].shape[0]
        tensors, ops = [Tensor("x", [1, SIZE, SIZE, 1]), Tensor("axes", data=np.array([1, 2], np.int32))], []

        def convolve(kind: str, source: str, place: int, stride: int) -> str:
            name, kernel = f"conv{place}", self.kernel(place).detach().numpy()
            layout = (1, 2, 3, 0) if kind == "DEPTHWISE_CONV_2D" else (0, 2, 3, 1)
            bias = self.bias(place).detach().numpy()
            tensors.append(Tensor(f"{name}/w", data=np.ascontiguousarray(kernel.transpose(layout), np.float32)))
            tensors.append(Tensor(f"{name}/b", data=np.ascontiguousarray(bias, np.float32)))
            tensors.append(Tensor(name, [1, half, half, channels]))
            options = {**WINDOW, "padding": SAME, "strideW": stride, "strideH": stride, "fusedActivationFunction": 0}
            if kind == "DEPTHWISE_CONV_2D":
                options["depthMultiplier"] = 1
            ops.append(Op(kind, [source, f"{name}/w", f"{name}/b"], [name], options))
            return name

        def apply(kind: str, sources: list[str], shape: list[int], options: dict[str, Any] | None = None) -> str:
            name = f"{kind.lower()}{len(ops)}"
            tensors.append(Tensor(name, shape))
            ops.append(Op(kind, sources, [name], options or {}))
            return name

        shape = [1, half, half, channels]
        x = apply("HARD_SWISH", [convolve("CONV_2D", "x", 0, 2)], shape)
        for block in range(BLOCKS):
            y = apply("HARD_SWISH", [convolve("DEPTHWISE_CONV_2D", x, 1 + 2 * block, 1)], shape)
            y = convolve("CONV_2D", y, 2 + 2 * block, 1)
            x = apply("ADD", [x, y], shape, {"fusedActivationFunction": 0})
        x = apply("MEAN", [x, "axes"], [1, channels], {"keepDims": False})
        dense = self.kernel(-1).detach().numpy()[:, :, 0, 0]
        tensors.append(Tensor("dense/w", data=np.ascontiguousarray(dense, np.float32)))
        tensors.append(Tensor("dense/b", data=self.bias(len(self.weights) - 1).detach().numpy()))
        x = apply("FULLY_CONNECTED", [x, "dense/w", "dense/b"], [1, CLASSES], {"fusedActivationFunction": 0})
        x = apply("SOFTMAX", [x], [1, CLASSES])
        return build_model(tensors, ops, ["x"], [x])


def _same(x: Any, kernel: Any, bias: Any, stride: int, groups: int) -> Any:
    """As TensorFlow pads: for a stride of 2, nothing before."""
    padded = functional.pad(x, (0, 1, 0, 1) if stride == 2 else (1, 1, 1, 1))
    return functional.conv2d(padded, kernel, bias, stride, groups=groups)


def uneven_classifier(decades: float, *, channels: int = 24, seed: int = 0, steps: int = 600) -> bytes:
    """The float model, trained."""
    network = Uneven(decades, channels, seed)
    network.train(steps, seed + 100)
    return network.flatbuffer()
