"""Breast tumours, malignant or benign, from measurements of cell nuclei: a small table with two classes.

Wolberg, Street and Mangasarian 1995, Breast Cancer Wisconsin (Diagnostic), as scikit-learn carries it (CC BY 4.0).
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

from sklearn.datasets import load_breast_cancer

PROJECT: Final = """\
# Is this tumour malignant? 569 breast tumours, 30 measurements of their cell nuclei
# (Wolberg, Street and Mangasarian 1995, as scikit-learn carries it, CC BY 4.0).
name: cancer
task: classification

data:
  train: tumours.csv
  split: {valid: 0.15, test: 0.25} # in proportion to the diagnosis
  target: diagnosis
"""


def write_data(folder: Path) -> None:
    """Write `tumours.csv` into a folder."""
    data = load_breast_cancer()
    names = [str(name).replace(" ", "_") for name in data.feature_names]
    with (folder / "tumours.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow((*names, "diagnosis"))
        for row, target in zip(data.data.tolist(), data.target.tolist(), strict=True):
            writer.writerow((*row, data.target_names[target]))
