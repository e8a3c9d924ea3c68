"""Handwritten digits of 8 by 8 pixels: small images with ten classes.

Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, as scikit-learn carries it (CC BY 4.0).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from sklearn.datasets import load_digits

PROJECT: Final = """\
# Which digit is this? 1,797 handwritten digits of 8 by 8 pixels
# (Alpaydin and Kaynak 1998, as scikit-learn carries it, CC BY 4.0).
name: digits
task: classification

data:
  train: digits.npz
  split: {valid: 0.15, test: 0.25} # in proportion to the digits
  inputs: {image: image}
  target: digit
"""


def write_data(folder: Path) -> None:
    """Write `digits.npz` into a folder."""
    data = load_digits()
    np.savez_compressed(folder / "digits.npz", image=data.images.astype(np.uint8), digit=data.target)
