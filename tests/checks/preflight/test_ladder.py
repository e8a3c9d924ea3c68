"""The same try with one thing changed."""

import torch

from kilter.checks.preflight.bench import Bench
from kilter.checks.preflight.ladder import HIGHER, LOWER, Rung, climb, ladder
from kilter.checks.preflight.learning import Bar, Learning
from kilter.testing.healthy.pipelines import over_numbers
from kilter.values.finding import Severity

BAR = Bar(learnt=0.1, seconds=600)


def learning(*, learnt=False, losses=(1.0, 1.0), norms=(1.0, 1.0)):
    return Learning(losses=losses, norms=norms, evaluated=1.0, right=False, learnt=learnt)


def rungs(failed, **sections):
    bench = Bench(over_numbers(**sections))
    return [rung.changed for rung in ladder(bench, bench.sample(4), BAR, failed, steps=5)]


def test_the_first_rung_that_learns_ends_the_climb():
    tried = []

    def rung(name, *, learnt):
        def attempt():
            tried.append(name)
            return learning(learnt=learnt)

        return Rung(changed=name, advice="", causes=(), severity=Severity.NOTE, attempt=attempt)

    found = climb(iter([rung("a", learnt=False), rung("b", learnt=True), rung("c", learnt=True)]))
    assert found[0].changed == "b"
    assert tried == ["a", "b"]
    assert climb(iter([rung("d", learnt=False)])) is None


def test_a_loss_that_rose_asks_for_lower_rates_first():
    names = [f"{factor:g} times the learning rate" for factor in (*HIGHER, *LOWER)]
    assert rungs(learning())[:7] == names
    assert rungs(learning(losses=(1.0, 9.0)))[0] == f"{LOWER[0]:g} times the learning rate"


def test_gradients_that_were_clipped_hard_ask_for_that_first():
    unclipped = "no clipping of the gradient"
    assert rungs(learning(norms=(50.0, 50.0)))[0] == unclipped
    assert rungs(learning(norms=(2.0, 2.0)))[7] == unclipped
    assert unclipped not in rungs(learning(), train={"clip_norm": None})


def test_rungs_that_cannot_apply_are_not_there():
    assert len(rungs(learning())) == 10
    with_its_own = rungs(learning(), make_optimizer=lambda model: torch.optim.SGD(model.parameters(), lr=0.1))
    assert len(with_its_own) == 11


def test_a_rung_trains_with_its_change():
    bench = Bench(over_numbers(optimizer={"learning_rate": 2e-5}))
    batch = bench.sample(8)
    found = climb(ladder(bench, batch, Bar(learnt=0.5, seconds=600), learning(), steps=80))
    assert found is not None
    assert found[0].causes == ("lr_too_low",)
    assert f"`optimizer.learning_rate`: {2e-5 * float(found[0].changed.split()[0]):g}" in found[0].advice
