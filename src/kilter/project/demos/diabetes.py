"""How far diabetes has gone after a year, from ten measurements: a small table with an amount to learn.

Efron, Hastie, Johnstone and Tibshirani 2004, Least Angle Regression, Annals of Statistics 32; scikit-learn carries it.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

from sklearn.datasets import load_diabetes

COLUMNS: Final = (
    "age",
    "sex",
    "body_mass_index",
    "blood_pressure",
    "cholesterol",
    "ldl",
    "hdl",
    "cholesterol_by_hdl",
    "log_triglycerides",
    "glucose",
)
"""The columns of the source, under names that say what they are."""

PROJECT: Final = """\
# How far has diabetes gone after a year? 442 patients, ten measurements
# (Efron, Hastie, Johnstone and Tibshirani 2004, as scikit-learn carries it).
name: diabetes
task: regression

data:
  train: patients.csv
  split: {valid: 0.15, test: 0.25}
  target: progression
"""


def write_data(folder: Path) -> None:
    """Write `patients.csv` into a folder, in the measurements' own units."""
    data = load_diabetes(scaled=False)
    with (folder / "patients.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow((*COLUMNS, "progression"))
        for row, target in zip(data.data.tolist(), data.target.tolist(), strict=True):
            writer.writerow((*row, target))
