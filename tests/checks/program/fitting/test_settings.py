"""What the optimizers are set to."""

from kilter.checks.program.fitting.settings import groups_of, momentum_of, plain_momentum

from .programs import adam, bench_of, sgd


def test_settings_are_those_of_the_first_update():
    assert [group["lr"] for group in groups_of(bench_of(sgd(0.05)))] == [0.05]


def test_momentum_is_that_of_either_kind_and_only_one_kind_lengthens_updates():
    assert (momentum_of(bench_of(sgd(0.05))), plain_momentum(bench_of(sgd(0.05)))) == (0.9, 0.9)
    assert (momentum_of(bench_of(adam(1e-3))), plain_momentum(bench_of(adam(1e-3)))) == (0.9, 0.0)
