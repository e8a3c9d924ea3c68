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
