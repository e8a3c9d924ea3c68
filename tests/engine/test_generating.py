import itertools

import numpy as np
import pytest
import torch
from torch import nn

from kilter.engine.generating import END, UNSAYABLE, Manner, generate, retold
from kilter.tasks.classification import Classification
from kilter.tasks.generation import Generation
from kilter.values.batch import Batch
from kilter.values.errors import UsageError
from kilter.values.pipeline import Pipeline
from kilter.values.recipe import Recipe
from kilter.values.task import Form

K = 8
SAYABLE = [token for token in range(K) if token not in UNSAYABLE]


class Chain(nn.Module):
    """What follows depends on the last two tokens, by tables drawn once."""

    def __init__(self, seed):
        super().__init__()
        self.table = nn.Parameter(2 * torch.randn(K, K, K, generator=torch.Generator().manual_seed(seed)))

    def forward(self, tokens):
        return self.table[nn.functional.pad(tokens, (1, 0))[:, :-1], tokens]


class Answering(nn.Module):
    """The same, shifted by the sum of the text that is answered."""

    def __init__(self, seed):
        super().__init__()
        self.chain = Chain(seed)

    def forward(self, tokens, mask, answers):
        asked = (tokens * mask).sum(dim=1, keepdim=True)
        return self.chain(answers).roll(1, dims=-1) * (1 + asked.unsqueeze(-1) % 3)


def pipeline(form):
    entries = ("",) * 5 + ("a", "b", "c")
    task = Generation(entries=entries, joiner="", unit="character", form=form)
    return Pipeline(task=task, make_model=lambda: Chain(0), splits={}, recipe=Recipe())


def prompts(*rows):
    """Rows of ids, padded to the right."""
    longest = max(map(len, rows))
    tokens = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
    return Batch(
        inputs={
            "tokens": tokens,
            "mask": torch.tensor([[place < len(row) for place in range(longest)] for row in rows]),
        },
        target=None,
        weight=torch.ones(len(rows)),
        ids=tuple(map(str, range(len(rows)))),
    )


def log_probability(model, prompt, text, *, ended):
    """Of a text after a prompt, by asking the model once with all of it."""
    whole = [*prompt, *text, *[END] * ended]
    ahead = model(tokens=torch.tensor([whole])).double().log_softmax(dim=-1)[0]
    return sum(ahead[place - 1, whole[place]].item() for place in range(len(prompt), len(whole)))


def exhaustive(model, prompt, manner):
    """The best of all texts up to the longest, by trying each."""
    letters = [token for token in SAYABLE if token != END]
    texts = [
        (text, length < manner.longest)
        for length in range(manner.longest + 1)
        for text in itertools.product(letters, repeat=length)
    ]
    scored = [(log_probability(model, prompt, text, ended=ended), text, ended) for text, ended in texts]
    return max(scored, key=lambda each: each[0] / (len(each[1]) + each[2]) ** manner.length_power)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("power", [0.0, 1.0])
def test_a_wide_beam_finds_what_trying_everything_finds(seed, power):
    model, manner = Chain(seed), Manner(longest=4, beams=1_000, length_power=power)
    [written] = generate(pipeline(Form.NEXT), model, prompts([2, 5]), manner)
    best, text, ended = exhaustive(model, [2, 5], manner)
    assert written.log_probability == pytest.approx(best)
    assert (written.ids, written.ended) == (text, ended)


@pytest.mark.parametrize("seed", range(4))
def test_a_beam_of_one_is_greedy(seed):
    model = Chain(seed)
    [written] = generate(pipeline(Form.NEXT), model, prompts([2, 6]), Manner(longest=12))
    row = [2, 6]
    while len(row) < 14 and row[-1] != END:
        ahead = model(tokens=torch.tensor([row]))[0, -1].clone()
        ahead[list(UNSAYABLE)] = -torch.inf
        row.append(int(ahead.argmax()))
    assert written.ids == tuple(token for token in row[2:] if token != END)
    assert written.ended == (row[-1] == END)


@pytest.mark.parametrize("manner", [Manner(longest=9), Manner(longest=9, beams=3), Manner(longest=9, temperature=0.8)])
@pytest.mark.parametrize("form", [Form.NEXT, Form.TEXT])
def test_probabilities_are_the_models_own_and_marks_are_never_said(manner, form):
    model = {Form.NEXT: Chain, Form.TEXT: Answering}[form](3)
    batch = prompts([2, 5, 6], [2], [2, 7, 7, 5])
    for row, written in enumerate(generate(pipeline(form), model, batch, manner)):
        assert len(written.ids) <= 9
        assert not set(written.ids) & {*UNSAYABLE, END}
        given = batch.inputs["tokens"][row][batch.inputs["mask"][row]].tolist()
        if form is Form.NEXT:
            expected = log_probability(model, given, written.ids, ended=written.ended)
        else:
            asked = torch.tensor([given])

            def answering(tokens, asked=asked):
                return model(tokens=asked, mask=torch.ones_like(asked, dtype=torch.bool), answers=tokens)

            expected = log_probability(answering, [2], written.ids, ended=written.ended)
        assert written.log_probability == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("manner", [Manner(longest=6), Manner(longest=6, beams=4)])
def test_a_text_does_not_depend_on_who_else_is_asked(manner):
    model, rows = Chain(1), ([2, 5], [2, 6, 7, 5, 5], [2])
    together = generate(pipeline(Form.NEXT), model, prompts(*rows), manner)
    alone = [generate(pipeline(Form.NEXT), model, prompts(row), manner)[0] for row in rows]
    assert [text.ids for text in together] == [text.ids for text in alone]


def test_draws_follow_the_seed_and_the_shares():
    model, batch = Chain(2), prompts(*[[2, 5]] * 400)
    first = generate(pipeline(Form.NEXT), model, batch, Manner(longest=1, temperature=1.0, seed=7))
    assert first == generate(pipeline(Form.NEXT), model, batch, Manner(longest=1, temperature=1.0, seed=7))
    assert first != generate(pipeline(Form.NEXT), model, batch, Manner(longest=1, temperature=1.0, seed=8))
    logits = model(tokens=torch.tensor([[2, 5]]))[0, -1]
    shares = logits[SAYABLE].softmax(dim=0).tolist()
    drawn = [text.ids[0] if text.ids else END for text in first]
    for token, share in zip(SAYABLE, shares, strict=True):
        assert drawn.count(token) / 400 == pytest.approx(share, abs=0.1)


def test_a_low_temperature_is_greedy():
    model, batch = Chain(2), prompts([2, 5], [2, 6])
    greedy = generate(pipeline(Form.NEXT), model, batch, Manner(longest=5))
    cold = generate(pipeline(Form.NEXT), model, batch, Manner(longest=5, temperature=1e-3))
    assert [text.ids for text in greedy] == [text.ids for text in cold]


def test_a_window_hides_what_is_farther_back():
    model = Chain(4)
    wide = generate(pipeline(Form.NEXT), model, prompts([2, 5, 6]), Manner(longest=5))
    assert generate(pipeline(Form.NEXT), model, prompts([2, 5, 6]), Manner(longest=5, window=2)) == wide
    assert len(generate(pipeline(Form.NEXT), model, prompts([2, 5, 6]), Manner(longest=5, window=1))[0].ids) <= 5


def test_the_model_is_left_in_its_mode():
    model = Chain(0).train()
    generate(pipeline(Form.NEXT), model, prompts([2]), Manner(longest=2))
    assert model.training


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"longest": 0}, "longest = 0"),
        ({"beams": 0}, "beams = 0"),
        ({"temperature": -1.0}, "temperature = -1.0"),
        ({"window": -2}, "window = -2"),
        ({"beams": 2, "temperature": 1.0}, "leave one out"),
    ],
)
def test_a_manner_that_is_not_legal_is_refused(fields, said):
    with pytest.raises(UsageError, match=said):
        Manner(**fields)


def test_a_task_without_texts_writes_none():
    other = Pipeline(task=Classification(labels=("a", "b")), make_model=lambda: Chain(0), splits={}, recipe=Recipe())
    with pytest.raises(UsageError, match="writes no text"):
        generate(other, Chain(0), prompts([2]))


class Listed:
    """A source of two texts to answer."""

    ids = ("x", "y")

    def __init__(self):
        self.targets = np.empty(2, dtype=object)
        self.targets[0], self.targets[1] = np.array([5, 3]), np.array([6, 6, 3])

    def __len__(self):
        return 2

    def sweep(self):
        return [[1], [0]]

    def plain(self, rows):
        return prompts(*[[[2, 5, 3], [2, 6, 7, 3]][row] for row in rows])


def test_what_was_written_becomes_what_was_decided_row_by_row():
    source, model = Listed(), Answering(5)
    told = pipeline(Form.TEXT)
    answers = [np.array([1.0, 2.0]), np.array([1.0, 1.0, 1.0])]
    predictions = told.task.tabulate(source.ids, source.targets, answers)
    rewritten = retold(told, model, source, predictions)
    expected = generate(told, model, source.plain([0, 1]), Manner(longest=8))
    assert [text.tolist() for text in rewritten.decided] == [[*text.ids, *[END] * text.ended] for text in expected]
    assert rewritten.cost.tolist() == predictions.cost.tolist()


def test_a_text_that_only_goes_on_is_not_retold():
    told = pipeline(Form.NEXT)
    predictions = told.task.tabulate(("x",), Listed().targets[:1], [np.array([1.0, 2.0])])
    assert retold(told, Chain(0), Listed(), predictions) is predictions
