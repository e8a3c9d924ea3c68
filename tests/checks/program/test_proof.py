"""A finding's advice, tried."""

import pytest
from torch import get_rng_state

from kilter.checks.doctor import check
from kilter.checks.program.proof import prove
from kilter.values.finding import Finding, Severity

from .fitting.programs import adam, bench_of, network, plain_step, sgd


def _finding(*causes, **evidence):
    return Finding(code="X", name="x", severity=Severity.WARNING, seen="", advice="", causes=causes, evidence=evidence)


def _left(model, optimizer, loss_fn, batch):
    loss = loss_fn(model(batch[0]), batch[1])
    (-loss).backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss


@pytest.mark.parametrize(
    ("cause", "bench"),
    [
        ("lr_too_high", lambda: bench_of(sgd(100.0), noise=1.0)),
        ("loss_sign_flipped", lambda: bench_of(sgd(0.05), step=_left)),
        ("optimizer_missing_group", lambda: bench_of(lambda m: adam(1e-2)(m[:1]), model=lambda: network(hidden=4))),
    ],
)
def test_a_remedy_that_helps_is_restored_or_says_what_came_of_it(cause, bench):
    proved = prove(bench(), _finding(cause))
    better = proved.evidence["valid with remedy"] > proved.evidence["valid"] + 0.1
    assert proved.evidence["proved"] == ("restored" if better else "not restored")
    assert cause == "optimizer_missing_group" or better


def test_a_remedy_for_what_is_not_wrong_restores_nothing():
    proved = prove(bench_of(adam(5e-3)), _finding("weight_decay_too_high", kept=3))
    assert proved.evidence["proved"] == "not restored"
    assert proved.evidence["kept"] == 3


def test_what_has_no_remedy_says_so():
    assert prove(bench_of(sgd(0.05)), _finding("label_noise")).evidence["proved"] == "no remedy known"


def test_harm_in_the_loss_is_looked_for_there():
    bench = bench_of(adam(1e-2), model=lambda: network(hidden=128), rows=48, batch_size=16, epochs=60, noise=2.5)
    assert prove(bench, _finding("overfitting")).evidence["proved"] == "restored"


def test_a_training_that_breaks_with_the_remedy_is_told():
    def step(model, optimizer, loss_fn, batch):
        if optimizer.param_groups[0]["weight_decay"] == 0:
            message = "there is no decay"
            raise ValueError(message)
        return plain_step(model, optimizer, loss_fn, batch)

    proved = prove(bench_of(sgd(0.05, weight_decay=1e-4), step=step), _finding("weight_decay_too_high"))
    assert (proved.evidence["proved"], proved.evidence["broke"]) == ("not restored", "ValueError: there is no decay")


def test_the_doctor_proves_its_first_finding_and_leaves_the_random_state():
    program = bench_of(sgd(100.0), noise=1.0).program
    before = get_rng_state()
    plain, proved = check(program), check(program, prove=True)
    assert get_rng_state().equal(before)
    assert "proved" not in plain.findings[0].evidence
    assert proved.findings[0].evidence["proved"] in ("restored", "not restored", "no remedy known")
    assert [f.name for f in proved.findings] == [f.name for f in plain.findings]
