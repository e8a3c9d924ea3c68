import pytest
from torch import nn

from kilter.values.pipeline import Pipeline
from kilter.values.recipe import Recipe


class Task:
    name = "classification"


def test_it_says_its_task_and_its_sizes_and_keeps_its_splits():
    splits = {"train": range(10), "valid": range(3)}
    pipeline = Pipeline(task=Task(), make_model=lambda: nn.Linear(1, 1), splits=splits, recipe=Recipe())
    splits["test"] = range(5)

    assert repr(pipeline) == "Pipeline(classification; train 10, valid 3)"
    with pytest.raises(TypeError):
        pipeline.splits["test"] = range(5)
