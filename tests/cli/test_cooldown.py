"""The command that anneals a run, and the option that lengthens one."""

import pytest

from kilter.project import branching


@pytest.fixture
def asked(monkeypatch, trained):
    """What was asked for; the answer is a run that was trained."""
    given = []

    def answer(*words, progress, **options):
        assert progress is not None
        given.append((words, options))
        return trained

    monkeypatch.setattr(branching, "cooldown", answer)
    monkeypatch.setattr(branching, "extend", answer)
    return given


def test_a_cooldown_passes_on_what_it_was_told(kilter, asked, trained):
    ended = kilter("cooldown", "runs/x", "--from", "step:40", "--for", "2ep", "--shape", "linear", "--json", "--quiet")

    assert ended.code == 0
    assert ended.document["command"] == "cooldown"
    assert ended.document["run"] == str(trained.path)
    assert asked == [(("runs/x",), {"step": 40, "length": "2ep", "shape": "linear", "runs": None})]


def test_a_cooldown_begins_at_the_newest_checkpoint_and_takes_a_fifth(kilter, asked):
    ended = kilter("cooldown", "runs/x", "--runs", "y", "--quiet")

    assert asked == [(("runs/x",), {"step": None, "length": "20%", "shape": "one_minus_sqrt", "runs": "y"})]
    assert "next: " in ended.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "40"), "step:4000"),
        (("--shape", "cosine"), "one_minus_sqrt"),
        (("--set", "train.seed=1"), "nothing else can be set"),
    ],
)
def test_what_a_cooldown_cannot_take_is_refused(kilter, asked, words, said):
    ended = kilter("cooldown", "runs/x", *words)

    assert ended.code == 2
    assert said in ended.err
    assert asked == []


def test_what_knows_its_length_has_no_cooldown(kilter, trained, tmp_path):
    ended = kilter("cooldown", trained.path, "--runs", tmp_path, "--quiet")

    assert ended.code == 2
    assert "schedule: constant" in ended.err
    assert list(tmp_path.iterdir()) == []
