"""Train the networks of recipe_problems.py: `python -m tests.train_recipe_problems` (needs torch, takes a minute)."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import torch
from ai_edge_litert import schema_py_generated as schema
from tests.models import SAME, WINDOW, Op, Tensor, build_model
from tests.recipe_problems import CLASSES, DATA, SIZE, gratings
from torch import nn

Module: Any = nn.Module
ACTIVATIONS = schema.ActivationFunctionType
# (kind, channels, stride), one layer each
PLAIN = [("conv", 16, 2), ("depthwise", 16, 1), ("conv", 24, 1), ("depthwise", 24, 2), ("conv", 32, 1)]


class Plain(Module):  # type: ignore[misc]
    """Convolutions and depthwise ones with ReLU, a mean, a dense layer."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[Any] = []
        taken = 3
        for kind, channels, stride in PLAIN:
            size = 1 if layers and kind == "conv" else 3
            groups = taken if kind == "depthwise" else 1
            layers.append(nn.Conv2d(taken, channels, size, stride, groups=groups))
            taken = channels
        self.layers, self.dense = nn.ModuleList(layers), nn.Linear(taken, CLASSES)

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = torch.relu(layer(padded(x, layer)))
        return self.dense(x.mean((2, 3)))


class Residual(Module):  # type: ignore[misc]
    """A convolution and two residual blocks with HardSwish; gammas of BatchNorm lie over three decades and stay."""

    WIDTH = 24

    def __init__(self) -> None:
        super().__init__()
        width = self.WIDTH
        self.stem, self.stem_norm = nn.Conv2d(3, width, 3, 2, bias=False), nn.BatchNorm2d(width)
        self.blocks = nn.ModuleList(
            nn.ModuleList(
                [
                    nn.Conv2d(width, width, 3, groups=width, bias=False),
                    nn.BatchNorm2d(width),
                    nn.Conv2d(width, width, 1, bias=False),
                    nn.BatchNorm2d(width),
                ]
            )
            for _ in range(2)
        )
        self.dense = nn.Linear(width, CLASSES)
        for norm in (module for module in self.modules() if isinstance(module, nn.BatchNorm2d)):
            norm.weight.data = 10 ** (3 * torch.rand(width) - 1.5)
            norm.weight.requires_grad = False

    def forward(self, x: Any) -> Any:
        x = nn.functional.hardswish(self.stem_norm(self.stem(padded(x, self.stem))))
        for depthwise, first, pointwise, second in self.blocks:
            y = nn.functional.hardswish(first(depthwise(padded(x, depthwise))))
            x = x + second(pointwise(y))
        return self.dense(x.mean((2, 3)))


def padded(x: Any, layer: Any) -> Any:
    """As TFLite's SAME does."""
    (size, _), (stride, _) = layer.kernel_size, layer.stride
    needed = max((-(-x.shape[2] // stride) - 1) * stride + size - x.shape[2], 0)
    return nn.functional.pad(x, (needed // 2, needed - needed // 2) * 2)


def train(model: Any, epochs: int) -> Any:
    images, labels = gratings(0, 6000)
    x, y = torch.from_numpy(images).permute(0, 3, 1, 2), torch.from_numpy(labels)
    trained = [value for value in model.parameters() if value.requires_grad]
    optimizer = torch.optim.AdamW(trained, 4e-3, weight_decay=1e-3)
    steps = epochs * (len(x) // 100)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(epochs):
        for batch in torch.randperm(len(x))[: len(x) // 100 * 100].split(100):
            loss = nn.functional.cross_entropy(model(x[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    model.eval()
    test, wanted = gratings(2, 600)
    with torch.no_grad():
        right = model(torch.from_numpy(test).permute(0, 3, 1, 2)).argmax(1).numpy() == wanted
    sys.stdout.write(f"{type(model).__name__}: {100 * right.mean():.1f} %\n")
    return model


class Graph:
    """A .tflite, op by op."""

    def __init__(self) -> None:
        self.tensors = [Tensor("image", [1, SIZE, SIZE, 3])]
        self.ops: list[Op] = []

    def add(self, kind: str, inputs: list[str], shape: list[int], options: dict[str, Any] | None = None) -> str:
        name = f"{kind.lower()}_{len(self.ops)}"
        self.tensors.append(Tensor(name, shape))
        self.ops.append(Op(kind, inputs, [name], options or {}))
        return name

    def constant(self, value: Any) -> str:
        name = f"constant_{len(self.tensors)}"
        self.tensors.append(Tensor(name, data=np.ascontiguousarray(value)))
        return name

    def convolve(self, x: str, layer: Any, size: int, activation: int, norm: Any = None) -> str:
        weights = layer.weight.detach().double()
        bias = torch.zeros(len(weights)).double() if layer.bias is None else layer.bias.detach().double()
        if norm is not None:
            factor = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
            weights, bias = weights * factor[:, None, None, None], norm.bias.detach() - norm.running_mean * factor
        is_depthwise = layer.groups > 1
        order = (1, 2, 3, 0) if is_depthwise else (0, 2, 3, 1)
        stored = [self.constant(value.numpy().astype(np.float32)) for value in (weights.permute(order), bias)]
        stride = layer.stride[0]
        options = {**WINDOW, "padding": SAME, "strideW": stride, "strideH": stride}
        options |= {"fusedActivationFunction": activation, **({"depthMultiplier": 1} if is_depthwise else {})}
        kind = "DEPTHWISE_CONV_2D" if is_depthwise else "CONV_2D"
        return self.add(kind, [x, *stored], [1, size, size, len(weights)], options)

    def end(self, x: str, dense: Any) -> bytes:
        weights = dense.weight.detach().numpy()
        mean = self.add(
            "MEAN", [x, self.constant(np.array([1, 2], np.int32))], [1, weights.shape[1]], {"keepDims": False}
        )
        stored = [self.constant(weights), self.constant(dense.bias.detach().numpy())]
        logits = self.add("FULLY_CONNECTED", [mean, *stored], [1, CLASSES])
        return build_model(self.tensors, self.ops, ["image"], [self.add("SOFTMAX", [logits], [1, CLASSES])])


def plain_graph(model: Plain) -> bytes:
    graph, x, size = Graph(), "image", SIZE
    for layer in model.layers:
        size = -(-size // layer.stride[0])
        x = graph.convolve(x, layer, size, ACTIVATIONS.RELU)
    return graph.end(x, model.dense)


def residual_graph(model: Residual) -> bytes:
    graph, half = Graph(), SIZE // 2
    shape = [1, half, half, Residual.WIDTH]
    x = graph.add("HARD_SWISH", [graph.convolve("image", model.stem, half, ACTIVATIONS.NONE, model.stem_norm)], shape)
    for depthwise, first, pointwise, second in model.blocks:
        y = graph.add("HARD_SWISH", [graph.convolve(x, depthwise, half, ACTIVATIONS.NONE, first)], shape)
        x = graph.add("ADD", [x, graph.convolve(y, pointwise, half, ACTIVATIONS.NONE, second)], shape)
    return graph.end(x, model.dense)


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.manual_seed(0)
    DATA.mkdir(parents=True, exist_ok=True)
    (DATA / "plain.tflite").write_bytes(plain_graph(train(Plain(), 20)))
    torch.manual_seed(0)
    (DATA / "residual.tflite").write_bytes(residual_graph(train(Residual(), 12)))
