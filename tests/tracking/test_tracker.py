import inspect

import pytest

from kilter.tracking.metrics_jsonl import MetricsLog
from kilter.tracking.tensorboard import TensorBoardMirror
from kilter.tracking.tracker import Tracker


@pytest.mark.parametrize("kind", [MetricsLog, TensorBoardMirror])
def test_a_tracker_has_all_that_is_promised(kind):
    for name in ("write", "flush", "close"):
        promised = inspect.signature(getattr(Tracker, name)).parameters
        assert list(inspect.signature(getattr(kind, name)).parameters) == list(promised)
