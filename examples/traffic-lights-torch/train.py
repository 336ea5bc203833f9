"""Train the network on the pictures of examples/traffic-lights: those that are in neither of its two sets."""

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from network import network, traffic_lights

sys.path.append(str(Path(__file__).resolve().parents[1] / "traffic-lights"))
from generate import SPLITS, Plan, Split, plan  # of the other example, which draws the pictures
from scene import CLASSES, render

SEED = 7
EPOCHS = 6
BATCH = 64
PEAK_LEARNING_RATE = 6e-3


def load(split: Split) -> tuple[Tensor, Tensor]:
    """Render a split in memory; return images [n, 3, 64, 64], normalised to -1..1, and class numbers."""
    items = plan(split)
    with ProcessPoolExecutor() as pool:
        images = np.stack(list(pool.map(_pixels, items, chunksize=50)))
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    return (pixels - 127.5) / 127.5, torch.tensor([item.class_index for item in items])


def _pixels(item: Plan) -> NDArray[np.uint8]:
    return render(item.class_index, item.seed)[0]


def mirror(images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Return the images and their mirror images, in which left and right have changed places."""
    swapped = torch.arange(len(CLASSES))
    left, right = CLASSES.index("left"), CLASSES.index("right")
    swapped[[left, right]] = torch.tensor([right, left])
    return torch.cat([images, images.flip(3)]), torch.cat([labels, swapped[labels]])


def fit(images: Tensor, labels: Tensor, epochs: int) -> nn.Sequential:
    """Return a trained network."""
    torch.manual_seed(SEED)
    model = network().to(memory_format=torch.channels_last)
    images = images.contiguous(memory_format=torch.channels_last)
    steps = epochs * (len(images) // BATCH)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_LEARNING_RATE, total_steps=steps, pct_start=0.2)
    for epoch in range(epochs):
        order = torch.randperm(len(images))[: len(images) // BATCH * BATCH]
        total = 0.0
        for batch in order.split(BATCH):
            loss = nn.functional.cross_entropy(model(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(batch)
        print(f"epoch {epoch + 1}: loss {total / len(order):.3f}", flush=True)
    return model


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    default = Path(__file__).resolve().with_name("traffic_lights.pt")
    parser.add_argument("--output", type=Path, default=default, help="the file to write (default: beside this one)")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    options = parser.parse_args(arguments)

    started = time.monotonic()
    images, labels = load(SPLITS["train"])
    held_out, expected = load(SPLITS["validation"])
    print(f"rendered {len(images)} training images in {time.monotonic() - started:.1f} s", flush=True)
    whole, _ = traffic_lights()
    whole[0].load_state_dict(fit(*mirror(images, labels), options.epochs).state_dict())
    torch.save(whole.state_dict(), options.output)
    print(f"trained in {time.monotonic() - started:.0f} s in all: {options.output}")

    with torch.inference_mode():
        right = whole.eval()(held_out).argmax(dim=1) == expected
    print(f"validation accuracy {right.float().mean():.3f} of {len(right)}")
    for number, name in enumerate(CLASSES):
        print(f"  {name:9} {right[expected == number].float().mean():.3f} of {(expected == number).sum()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
