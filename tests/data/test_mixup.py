import numpy as np
import pytest
import torch

from kilter.data.mixup import mixed_up
from kilter.values.batch import Batch

ROWS = [4, 9, 2, 7, 5]
KEY = {"alpha": 1.0, "seed": 1, "epoch": 2}


def batch(rows=ROWS):
    generator = torch.Generator().manual_seed(0)
    numbers, image = torch.randn(10, 3, generator=generator), torch.randn(10, 1, 2, 2, generator=generator)
    return Batch(
        inputs={"numbers": numbers[rows], "image": image[rows]},
        target=torch.arange(10)[rows],
        weight=torch.arange(1.0, 11)[rows],
        ids=tuple(f"row:{row}" for row in rows),
    )


def test_mixed_inputs_stand_twice_once_for_either_row():
    plain, mixed = batch(), mixed_up(batch(), rows=ROWS, **KEY)
    count = len(ROWS)
    assert len(mixed) == 2 * count
    partner = [ROWS.index(target) for target in mixed.target[count:].tolist()]
    share = (mixed.weight[0] / plain.weight[0]).item()
    assert 0 < share < 1
    assert sorted(partner) == list(range(count))
    assert mixed.target[:count].tolist() == ROWS
    assert mixed.ids == (*plain.ids, *(plain.ids[place] for place in partner))
    torch.testing.assert_close(mixed.weight[:count], share * plain.weight)
    torch.testing.assert_close(mixed.weight[count:], (1 - share) * plain.weight[partner])
    for name, tensor in plain.inputs.items():
        torch.testing.assert_close(mixed.inputs[name][:count], share * tensor + (1 - share) * tensor[partner])
        assert torch.equal(mixed.inputs[name][:count], mixed.inputs[name][count:])


def test_all_weights_together_are_what_they_were():
    mixed = mixed_up(batch(), rows=ROWS, **KEY)
    torch.testing.assert_close(mixed.weight.sum(), batch().weight.sum())


def test_the_loss_is_that_of_mixed_targets():
    generator = torch.Generator().manual_seed(1)
    mixed, plain = mixed_up(batch(), rows=ROWS, **KEY), batch()
    model = torch.nn.Linear(3, 10)
    torch.nn.init.normal_(model.weight, generator=generator)
    logits = model(mixed.inputs["numbers"])
    each = torch.nn.functional.cross_entropy(logits, mixed.target, reduction="none")
    count, one = len(ROWS), torch.eye(10)
    share = (mixed.weight[0] / plain.weight[0]).item()
    blended = share * plain.weight[:, None] * one[mixed.target[:count]]
    blended += mixed.weight[count:, None] * one[mixed.target[count:]]
    expected = -(blended * logits[:count].log_softmax(1)).sum()
    torch.testing.assert_close((each * mixed.weight).sum(), expected)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 8.0])
def test_shares_are_drawn_from_the_beta_distribution(alpha):
    shares = [
        (mixed_up(batch(), alpha=alpha, seed=0, epoch=epoch, rows=ROWS).weight[0] / batch().weight[0]).item()
        for epoch in range(800)
    ]
    deviation = np.sqrt(1 / (4 * (2 * alpha + 1)))
    assert np.mean(shares) == pytest.approx(0.5, abs=4 * deviation / np.sqrt(800))
    assert np.std(shares) == pytest.approx(deviation, rel=0.1)


def test_it_is_a_function_of_seed_epoch_and_rows():
    def numbers(rows=ROWS, **key):
        return mixed_up(batch(rows), rows=rows, **{**KEY, **key}).inputs["numbers"]

    assert torch.equal(numbers(), numbers())
    for other in (numbers(seed=2), numbers(epoch=3), numbers([4, 9, 2, 7, 6])):
        assert not torch.equal(numbers(), other)


def test_a_row_alone_stays_as_it_is_and_counts_once():
    mixed = mixed_up(batch([3]), rows=[3], **KEY)
    torch.testing.assert_close(mixed.inputs["numbers"], batch([3, 3]).inputs["numbers"])
    torch.testing.assert_close(mixed.weight.sum(), torch.tensor(4.0))
