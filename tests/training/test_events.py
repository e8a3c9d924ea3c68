import pickle
from dataclasses import FrozenInstanceError, replace

import pytest

from kilter.training.events import Evaluated, Finished, Measured, StepDone, Stop, settled

EVENTS = (
    StepDone(1, 0, 0.5, 1.0, 0.1),
    Evaluated(1, 0, "valid", {"loss": 0.5}),
    Measured(1, 0, {"weight/w": 0.5}, 0.001),
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
    with pytest.raises(TypeError):
        EVENTS[2].numbers["weight/w"] = 0.1


@pytest.mark.parametrize("event", EVENTS[:4], ids=lambda event: type(event).__name__)
def test_a_step_is_settled_when_nothing_more_of_it_follows(event):
    assert settled(event)
    if isinstance(event, StepDone | Measured):
        assert not settled(replace(event, more_follows=True))


def test_a_stop_is_no_failure_unless_it_says_so():
    assert not Stop("enough").failed
