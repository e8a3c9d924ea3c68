"""Suspicious labels as the package cleanlab finds them, where it is installed."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from kilter.values.errors import MissingDependency

if TYPE_CHECKING:
    from numpy.typing import NDArray


def suspects_by_cleanlab(given: NDArray[np.int64], probabilities: NDArray[np.float64]) -> NDArray[np.int64]:
    """The rows whose label is probably wrong, the most suspicious first (`cleanlab.filter.find_label_issues`).

    Args:
        given: the labels as they are, (n,) class indices; each class is given to some row.
        probabilities: (n, k) of models that were not fitted on the row.

    Raises:
        MissingDependency: cleanlab is not installed.
    """
    refuse_without_cleanlab()
    from cleanlab.filter import find_label_issues

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own use of libraries
        rows = find_label_issues(
            labels=given, pred_probs=probabilities, return_indices_ranked_by="self_confidence", n_jobs=1
        )
    found: NDArray[np.int64] = np.asarray(rows, dtype=np.int64)
    return found


def refuse_without_cleanlab() -> None:
    """Make sure that cleanlab is there.

    Raises:
        MissingDependency: it is not.
    """
    try:
        import cleanlab.filter  # noqa: F401 - whether it can be imported is what is asked
    except ImportError as error:
        raise MissingDependency(
            "suspects were asked of cleanlab, which is not installed", remedy="pip install 'kilter[cleanlab]'"
        ) from error
