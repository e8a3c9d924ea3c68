"""The page for people with their own loop does what it says."""

import re

import pytest
import torch

import kilter

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture
def page(root_of_docs):
    return (root_of_docs / "doctor.md").read_text("utf-8")


@pytest.fixture
def root_of_docs(request):
    return request.config.rootpath / "docs"


def test_the_example_finds_what_it_forgets(page, capsys):
    text, rehearsal, _ = BLOCK.findall(page)
    exec(compile(text, "doctor.md", "exec"), names := {"__name__": "__main__"})
    found = kilter.check(names["program"]).findings

    assert found[0].causes[0] == "missing_zero_grad"
    assert found[0].name in capsys.readouterr().out
    exec(compile(rehearsal, "doctor.md", "exec"), {"kilter": kilter, "program": names["program"]})
    assert found[0].name in capsys.readouterr().out


def test_the_gradients_of_the_example_agree(page):
    _, _, text = BLOCK.findall(page)
    exec(compile(text, "doctor.md", "exec"), {"kilter": kilter, "torch": torch})


def test_every_argument_of_a_loop_is_told(page):
    from inspect import signature

    told = set(re.findall(r"`(\w+)`", page))
    asked = set(signature(kilter.Pipeline.from_loop).parameters)

    assert asked - told == {"loss_fn", "batch_size", "set_rate", "higher_is_better"}
