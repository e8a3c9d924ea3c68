"""Suspects as cleanlab finds them."""

import builtins
import sys

import numpy as np
import pytest

from kilter.search.by_cleanlab import suspects_by_cleanlab
from kilter.values.errors import MissingDependency

LABELS = np.array([0, 1] * 20)
SHARES = np.where(np.eye(2)[LABELS] == 1, 0.95, 0.05)


def test_a_planted_label_is_found():
    pytest.importorskip("cleanlab")
    wrong = LABELS.copy()
    wrong[[4, 7]] = 1 - wrong[[4, 7]]

    assert set(suspects_by_cleanlab(wrong, SHARES).tolist()) == {4, 7}


def test_without_the_package_it_says_what_to_install(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "cleanlab"]:
        monkeypatch.delitem(sys.modules, name)
    real = builtins.__import__

    def refusing(name, *rest, **more):
        if name.split(".")[0] == "cleanlab":
            raise ModuleNotFoundError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refusing)
    with pytest.raises(MissingDependency, match=r"pip install 'kilter\[cleanlab\]'") as caught:
        suspects_by_cleanlab(LABELS, SHARES)
    assert caught.value.exit_code == 5
