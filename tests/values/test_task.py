"""The protocol's promises are tested with each task; here, that the tasks that there are fulfil it."""

import inspect

import pytest

from kilter.tasks.classification import Classification
from kilter.tasks.regression import Regression
from kilter.values.task import Task


@pytest.mark.parametrize("kind", [Classification, Regression])
def test_a_task_has_all_that_is_promised(kind):
    for name, promised in vars(Task).items():
        if name.startswith("_"):
            continue
        assert hasattr(kind, name), name
        if inspect.isfunction(promised):
            given = inspect.signature(getattr(kind, name)).parameters
            assert list(given) == list(inspect.signature(promised).parameters), name
