"""The network of this example, as quantci asks for it: `network:traffic_lights` in quantci.toml."""

from torch import Tensor, nn, zeros

CLASSES = 7
STEM = 16
BLOCKS = ((32, 2), (64, 1), (96, 2), (128, 1))  # channels and stride of each separable block


def traffic_lights() -> tuple[nn.Module, Tensor]:
    """Return the network, untrained, and an example of its input; quantci loads the weights (model.weights)."""
    return nn.Sequential(network(), nn.Softmax(dim=1)), zeros(1, 3, 64, 64)


def network() -> nn.Sequential:
    """Return the network up to its logits, which is what train.py trains."""
    layers: list[nn.Module] = [nn.Conv2d(3, STEM, 3, stride=2, padding=1, bias=False), *_norm(STEM)]
    channels = STEM
    for width, stride in BLOCKS:
        layers += [nn.Conv2d(channels, channels, 3, stride, padding=1, groups=channels, bias=False), *_norm(channels)]
        layers += [nn.Conv2d(channels, width, 1, bias=False), *_norm(width)]
        channels = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, CLASSES))


def _norm(channels: int) -> list[nn.Module]:
    return [nn.BatchNorm2d(channels), nn.ReLU6()]
