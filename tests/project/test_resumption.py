import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from kilter.project.resumption import check_resume, main, train
from kilter.testing.trainee import FEATURES, Net, make_pipeline
from kilter.training.witness import read_deposition
from kilter.values.errors import TrainingError, UsageError
from kilter.values.finding import Severity


class Forgetful(nn.Module):
    """Scales its inputs by what it has seen so far, and keeps that where no state_dict looks."""

    def __init__(self):
        super().__init__()
        self.net = Net()
        self.seen = 0

    def forward(self, numbers):
        self.seen += self.training
        return self.net(numbers / (1 + 0.01 * self.seen))


class Counting(nn.Module):
    """Counts its calls and makes nothing of it."""

    def __init__(self):
        super().__init__()
        self.net = Net()
        self.calls = 0

    def forward(self, numbers):
        self.calls += self.training
        return self.net(numbers)


class Buffered(nn.Module):
    """Keeps a running mean in a buffer that is not saved."""

    def __init__(self):
        super().__init__()
        self.net = Net()
        self.register_buffer("mean", torch.zeros(FEATURES), persistent=False)

    def forward(self, numbers):
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * numbers.mean(0)
        return self.net(numbers - self.mean)


SEEN = []


class Elsewhere(nn.Module):
    """Keeps what it has seen in a global."""

    def __init__(self):
        super().__init__()
        self.net = Net()

    def forward(self, numbers):
        if self.training:
            SEEN.append(1)
        return self.net(numbers / (1 + 0.01 * len(SEEN)))


class Drawing:
    """A source whose training rows are moved by what a generator draws."""

    def __init__(self, source, draw):
        self._source = source
        self._draw = draw

    def __getattr__(self, name):
        return getattr(self._source, name)

    def __getstate__(self):
        return self.__dict__

    def __setstate__(self, state):
        self.__dict__.update(state)

    def __len__(self):
        return len(self._source)

    def batch(self, rows, **where):
        batch = self._source.batch(rows, **where)
        moved = {name: value + 0.1 * self._draw(value.shape) for name, value in batch.inputs.items()}
        return replace(batch, inputs=moved)


def of(model=Net, *, train_split=None, workers=0, **settings):
    pipeline = make_pipeline(workers=workers)
    recipe = pipeline.recipe
    for path, value in settings.items():
        recipe = recipe.replace(path.replace("__", "."), value)
    splits = {**pipeline.splits}
    if train_split is not None:
        splits["train"] = train_split(splits["train"])
    return replace(pipeline, make_model=model, splits=splits, recipe=recipe)


def found(pipeline, **options):
    return {finding.name: finding for finding in check_resume(pipeline, steps=5, **options).findings}


# --- what is right


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"workers": 2},
        {"schedule__name": "plateau"},
        {"optimizer__name": "sgd", "train__length": "2ep"},
    ],
    ids=["plain", "workers", "plateau", "sgd"],
)
def test_a_training_that_kilter_makes_goes_on_exactly(settings):
    said: list[str] = []
    examination = check_resume(of(**settings), steps=6, told=said.append)
    assert [line.split()[0] for line in said] == ["training", "training", "going"]
    assert not examination.findings
    assert examination.seconds["check-resume"] > 0


def test_global_generators_are_saved():
    """A source that draws from them in the training's own process goes on where they were."""
    assert not found(of(train_split=lambda source: Drawing(source, torch.randn)))


# --- what is planted


@pytest.mark.parametrize(
    ("model", "where"),
    [(Forgetful, ("seen",)), (Buffered, ("mean",))],
    ids=["attribute", "buffer"],
)
def test_state_outside_the_state_dict_is_named(model, where):
    finding = found(of(model))["state-outside-state-dict"]
    assert finding.severity is Severity.FAILURE
    assert finding.where == where
    assert "get_extra_state" in finding.advice


def test_state_that_decides_nothing_is_a_note():
    (finding,) = found(of(Counting)).values()
    assert (finding.name, finding.severity, finding.where) == (
        "state-outside-state-dict",
        Severity.NOTE,
        ("calls",),
    )


def test_state_in_a_global_is_told_from_what_can_be_named():
    (finding,) = found(of(Elsewhere)).values()
    assert finding.name == "differs-after-resuming"
    assert "step 6" in finding.seen


def test_a_source_with_a_generator_of_its_own():
    draw = np.random.default_rng(0)
    (finding,) = found(
        of(train_split=lambda source: Drawing(source, lambda shape: torch.from_numpy(draw.normal(size=shape)).float()))
    ).values()
    assert finding.name == "other-data-after-resuming"
    assert finding.causes == ("rng_not_seeded",)
    assert "the same rows" in finding.seen
    assert finding.where == ("step 6",)


def test_a_source_that_draws_from_the_global_generator_in_workers():
    (finding,) = found(of(train_split=lambda source: Drawing(source, torch.randn), workers=2)).values()
    assert finding.name == "other-data-after-resuming"


def test_what_draws_without_a_seed_is_not_repeatable():
    (finding,) = found(
        of(train_split=lambda source: Drawing(source, lambda shape: torch.rand(shape, generator=unseeded())))
    ).values()
    assert finding.name == "not-repeatable"
    assert "other batches" in finding.seen


def unseeded():
    generator = torch.Generator()
    generator.seed()
    return generator


def test_an_optimizer_whose_state_is_no_state():
    class Own(torch.optim.SGD):
        def __init__(self, parameters):
            super().__init__(parameters, lr=0.1)
            self.calls = 0

        def step(self, closure=None):
            self.calls += 1
            for group in self.param_groups:
                group["lr"] /= self.calls
            return super().step(closure)

    pipeline = replace(of(), make_optimizer=lambda model: Own(model.parameters()))
    (finding,) = found(pipeline).values()
    assert finding.name == "differs-after-resuming"
    assert "optimizer" in finding.advice


# --- the ends


def test_a_run_that_is_too_short():
    with pytest.raises(TrainingError, match=r"the training that trains undisturbed failed: UsageError: steps=61: 1 up"):
        check_resume(of(), steps=61)


def test_what_cannot_be_read_is_said_as_everywhere(tmp_path):
    with pytest.raises(UsageError, match=r"nowhere.yaml: No such file.*for your data\.$"):
        check_resume(tmp_path / "nowhere.yaml")


def test_a_training_that_fails_says_what_it_said():
    class Broken(Net):
        def forward(self, numbers):
            message = "there is no such layer"
            raise KeyError(message)

    with pytest.raises(
        TrainingError, match=r"trains undisturbed failed: KeyError: 'there is no such layer'.*kilter check"
    ):
        check_resume(of(Broken))


def test_what_was_read_takes_no_overrides():
    with pytest.raises(UsageError, match="give them to read_project"):
        check_resume(of(), overrides=("train.seed=3",))


def test_a_training_in_this_process(tmp_path):
    train(of(), tmp_path, "whole", None)
    deposition = read_deposition(tmp_path / "whole.json")
    half = json.loads((tmp_path / "steps.json").read_text())
    assert sorted(deposition.losses) == list(range(1, 2 * half + 1))
    assert deposition.before.keys() == deposition.after.keys() == {"weights", "optimizer", "random state", "modules"}


def test_a_loop_of_ones_own_is_not_kilters_to_save(tmp_path, capsys):
    (tmp_path / "mine.py").write_text("def make(seed):\n    return None\n", "utf-8")
    given = {
        "subject": f"{tmp_path}/mine.py:make",
        "overrides": [],
        "place": str(tmp_path),
        "role": "whole",
        "steps": 2,
    }
    assert main([json.dumps(given)]) == 2
    assert "a training loop of your own" in capsys.readouterr().err


@pytest.mark.slow
def test_a_project_in_processes_of_its_own(small):
    examination = check_resume(small.path, steps=4, overrides=("train.seed=3",))
    assert not examination.findings
