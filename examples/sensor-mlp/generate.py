"""Draw what an accelerometer on a fan sees: a line of six features for each second, and which state the fan is in."""

import argparse
import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

STATES = ("off", "normal", "unbalanced", "blocked")
FEATURES = ("rms_x", "rms_y", "rms_z", "peak_hz", "peak_share", "kurtosis")
# Mean of each feature in each state, in m/s2, Hz and ratios; and how far seconds differ from each other.
MEANS = np.array(
    [
        [0.05, 0.05, 0.06, 12.0, 0.15, 0.1],
        [0.80, 0.70, 0.40, 48.0, 0.55, -0.4],
        [1.60, 1.50, 0.45, 47.0, 0.72, -0.9],
        [1.10, 1.30, 0.95, 29.0, 0.33, 0.9],
    ]
)
SPREADS = np.array([0.30, 0.30, 0.20, 9.0, 0.11, 0.5])


def draw(count: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return features [count, 6] and states [count], as many of each."""
    random = np.random.RandomState(seed)
    states = np.arange(count) % len(STATES)
    values = MEANS[states] + random.normal(0, 1, (count, len(FEATURES))) * SPREADS
    return np.abs(values) * np.where(values < 0, [1, 1, 1, 1, 1, -1], 1), states


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent, help="draw below another folder")
    folder = parser.parse_args().root / "data"
    folder.mkdir(parents=True, exist_ok=True)
    for name, count, seed in (("calibration", 400, 1), ("evaluation", 400, 2)):
        with (folder / f"{name}.csv").open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([*FEATURES, "label"])
            for values, state in zip(*draw(count, seed), strict=True):
                writer.writerow([*(f"{value:.5f}" for value in values), STATES[state]])
        print(f"{count} seconds in {folder / name}.csv")


if __name__ == "__main__":
    main()
