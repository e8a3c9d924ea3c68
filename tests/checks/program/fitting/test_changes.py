"""Changes of how weights are updated and batches are cut."""

import pytest
import torch

from kilter.checks.program.fitting import changes

from .programs import bench_of, network, sgd


def _batches(loader):
    return [(len(inputs), inputs) for inputs, _ in loader]


def test_batches_are_merged_and_split_without_losing_a_row():
    loader = [(torch.arange(8.0)[:, None] + 8 * at, torch.arange(8)) for at in range(5)]
    merged = _batches(changes.merged(2).batches(loader))
    split = _batches(changes.split(4).batches(loader))
    assert [count for count, _ in merged] == [16, 16, 8]
    assert {count for count, _ in split} == {2}
    for parts in (merged, split):
        assert sorted(torch.cat([inputs for _, inputs in parts]).flatten().tolist()) == list(range(40))


def test_what_cannot_be_joined_stays_as_it_was():
    parts = [(torch.zeros(2, 3), torch.zeros(2)), (torch.zeros(2, 4), torch.zeros(2))]
    assert changes.joined(parts) is parts[0]


def test_nothing_is_dropped_inside_and_the_functions_are_given_back():
    before = torch.nn.functional.dropout
    with changes.WITHOUT_DROPOUT.around(None):
        assert torch.equal(torch.nn.Dropout(0.9)(torch.ones(100)), torch.ones(100))
    assert torch.nn.functional.dropout is before


@pytest.mark.parametrize(
    ("change", "key", "value"),
    [
        (changes.with_setting("weight_decay", 0.5), "weight_decay", 0.5),
        (changes.with_momentum(0.3), "momentum", 0.3),
        (changes.with_setting("unknown", 1.0), "momentum", 0.9),
    ],
)
def test_settings_are_changed_where_there_are_any(change, key, value):
    made = bench_of(sgd(0.1)).made()
    change.prepare(made)
    assert made.optimizer.param_groups[0][key] == value


def test_a_warm_up_ends_at_the_full_length():
    assert [changes.warmed_up(4).scale(done) for done in (0, 1, 3, 9)] == [0.25, 0.5, 1.0, 1.0]


def test_weights_drawn_afresh_have_the_spread_of_he():
    made = bench_of(sgd(0.1), model=lambda: network(hidden=2000)).made()
    changes.initialised_afresh().prepare(made)
    assert float(made.model[0].weight.detach().std()) == pytest.approx((2 / 8) ** 0.5, rel=0.05)
    assert not made.model[0].bias.detach().any()


def test_clipped_gradients_have_the_norm():
    made = bench_of(sgd(0.1)).made()
    for parameter in made.model.parameters():
        parameter.grad = torch.ones_like(parameter)
    changes.clipped(0.5).gradients(made.optimizer)
    assert float(torch.cat([p.grad.flatten() for p in made.model.parameters()]).norm()) == pytest.approx(0.5, rel=1e-4)


def test_adam_on_all_parameters_learns_what_is_frozen():
    def frozen(model):
        model[0].requires_grad_(requires_grad=False)
        return torch.optim.SGD(model[-1].parameters(), lr=0.0)

    bench = bench_of(frozen)
    trial = bench.trial(changes.all_by_adam(bench.program, rate=1e-2))
    assert trial.train > bench.trial().train + 0.2
