from dataclasses import fields
from inspect import signature

import pytest
from torch import nn

from kilter.values.errors import UsageError
from kilter.values.pipeline import Pipeline
from kilter.values.program import Kind, OutputKind, Program
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


def make(seed):
    return nn.Linear(1, 1), None, None, [], None


def test_a_persons_loop_is_a_program_with_words_for_what_it_says():
    program = Pipeline.from_loop(
        make, task="tagging", classes=4, output="logits", frozen=["encoder."], pretrained=True, loss_fn=nn.NLLLoss()
    )

    assert program.make is make
    assert program.task is Kind.TAGGING
    assert program.output is OutputKind.LOGITS
    assert program.frozen == ("encoder.",)
    assert program.pretrained is True
    assert program.step is None


def test_every_field_of_a_program_can_be_given():
    asked = set(signature(Pipeline.from_loop).parameters)
    assert asked == {field.name for field in fields(Program)}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"make": None}, "make=None"),
        ({"step": 3}, "step=3"),
        ({"validate": "valid"}, "validate='valid'"),
        ({"task": "clasification"}, "classification, multilabel"),
        ({"output": "scores"}, "logits, probabilities"),
        ({"classes": 0}, "classes=0"),
        ({"epochs": 2.5}, "epochs=2.5"),
        ({"accumulate": True}, "accumulate=True"),
    ],
)
def test_what_cannot_be_is_said_with_what_can(given, said):
    with pytest.raises(UsageError) as raised:
        Pipeline.from_loop(**({"make": make} | given))
    assert said in str(raised.value)


class Split:
    def __init__(self, size=4):
        self.size = size

    def __len__(self):
        return 10

    def batched(self, batch):
        return Split(batch.size)


def test_another_recipe_has_other_batches_and_leaves_the_pipeline_as_it_is():
    recipe = Recipe()
    splits = {"train": Split(), "valid": Split()}
    pipeline = Pipeline(task=Task(), make_model=lambda: nn.Linear(1, 1), splits=splits, recipe=recipe)
    other = pipeline.with_recipe(recipe.replace("batch.size", 7))

    assert [split.size for split in other.splits.values()] == [7, 7]
    assert [split.size for split in pipeline.splits.values()] == [4, 4]
    assert other.recipe.batch.size == 7
    assert (other.task, other.make_model) == (pipeline.task, pipeline.make_model)


def test_with_the_same_batches_the_splits_are_the_same():
    recipe = Recipe()
    pipeline = Pipeline(task=Task(), make_model=lambda: nn.Linear(1, 1), splits={"train": Split()}, recipe=recipe)
    other = pipeline.with_recipe(recipe.replace("optimizer.learning_rate", 0.5))
    assert other.splits["train"] is pipeline.splits["train"]
    assert other.recipe.optimizer.learning_rate == 0.5


@pytest.mark.parametrize(("path", "value"), [("model.name", "mlp"), ("loss.name", "focal"), ("augment.noise", 0.1)])
def test_what_a_pipeline_is_made_of_stays(path, value):
    recipe = Recipe()
    pipeline = Pipeline(task=Task(), make_model=lambda: nn.Linear(1, 1), splits={}, recipe=recipe)
    with pytest.raises(UsageError, match=f"another {path.split('.')[0]}"):
        pipeline.with_recipe(recipe.replace(path, value))
