"""Only tasks know the kind of problem."""

import pytest

from rules.kinds import breaches
from rules.source import Source, forbid

DECIDED = [
    "if task.name == 'classification': pass",
    "if pipeline.task.kind in ('regression', 'ranking'): pass",
    "match self.task.kind:\n    case 'regression': pass",
    "if isinstance(task, Classification): pass",
]


def test_the_package_asks_the_task(package):
    forbid(breaches(package))


@pytest.mark.parametrize("text", DECIDED)
def test_a_planted_breach_is_caught(text):
    assert len(list(breaches([Source("kilter/report/composing.py", text)]))) == 1


@pytest.mark.parametrize("text", DECIDED)
def test_tasks_are_let_through(text):
    assert list(breaches([Source("kilter/tasks/reading.py", text)])) == []


def test_showing_a_name_is_let_through():
    text = "title = f'{task.name} of {run.name}'\nif run.name == 'old' or task.labels == (): pass"

    assert list(breaches([Source("kilter/report/composing.py", text)])) == []
