import pickle
from dataclasses import FrozenInstanceError

import pytest

from kilter.training.events import Evaluated, Finished, StepDone, Stop

EVENTS = (
    StepDone(1, 0, 0.5, 1.0, 0.1),
    Evaluated(1, 0, "valid", {"loss": 0.5}),
    Finished(1, "done"),
    Stop("enough"),
)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_events_are_values(event):
    assert event == pickle.loads(pickle.dumps(event))
    assert type(event).__name__ in repr(event)
    with pytest.raises((FrozenInstanceError, AttributeError, TypeError)):
        event.step = 2
    with pytest.raises((FrozenInstanceError, AttributeError, TypeError)):
        event.another = 2


def test_scores_cannot_be_changed_by_whoever_is_told():
    with pytest.raises(TypeError):
        EVENTS[1].scores["loss"] = 0.1


def test_a_stop_is_no_failure_unless_it_says_so():
    assert not Stop("enough").failed
