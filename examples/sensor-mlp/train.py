"""Train scikit-learn's MLPClassifier on drawn features, and export its probabilities as ONNX."""

from pathlib import Path

import numpy as np
from skl2onnx import to_onnx
from sklearn.neural_network import MLPClassifier

from generate import draw

FILE = Path(__file__).resolve().with_name("fan.onnx")
# Also in quantci.toml: quantci scales what it reads, and the firmware gets the same numbers in its generated header.
MEAN = np.array([0.89, 0.89, 0.48, 34.0, 0.44, 0.0])
STD = np.array([0.65, 0.63, 0.39, 17.0, 0.24, 0.83])


def main() -> None:
    """Train, export, and say how good it is."""
    values, states = draw(6000, seed=3)
    model = MLPClassifier((32, 16), alpha=1e-3, max_iter=60, early_stopping=True, random_state=7)
    model.fit((values - MEAN) / STD, states)
    exported = to_onnx(model, np.zeros((1, 6), np.float32), options={"zipmap": False})
    del exported.graph.output[0]  # the labels: an ArgMax and a look-up, which goes as nothing reads it
    FILE.write_bytes(exported.SerializeToString())
    held_out, expected = draw(400, seed=2)
    print(f"{FILE}: accuracy {model.score((held_out - MEAN) / STD, expected):.3f} of 400")


if __name__ == "__main__":
    main()
