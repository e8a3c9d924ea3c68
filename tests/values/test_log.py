"""A log keeps what it was given, and lets nobody change it."""

import pytest

from kilter.values.history import History
from kilter.values.log import Log


def test_what_was_taken_cannot_be_changed():
    log = Log(name="run", history=History(), taken={"train.loss": "loss"})
    assert log.taken["train.loss"] == "loss"
    with pytest.raises(TypeError):
        log.taken["train.loss"] = "other"
