"""A training that ends while it learns."""

from kilter.checks.program.fitting.too_few_epochs import TooFewEpochs

from .programs import adam, bench_of, sgd


def test_one_that_more_epochs_make_far_better_is_named():
    found = list(TooFewEpochs().examine(bench_of(sgd(1.5e-3), epochs=1, batch_size=24)))
    assert [finding.causes[0] for finding in found] == ["too_few_epochs"]
    assert found[0].evidence["valid with more"] > found[0].evidence["valid"]


def test_it_is_silent_where_it_has_learnt():
    assert list(TooFewEpochs().examine(bench_of(adam(5e-3)))) == []
