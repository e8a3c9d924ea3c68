"""What every variation of training rows must hold; each kind's test file says it of its own."""

import torch

ROWS = list(range(40))
KEY = {"seed": 3, "epoch": 2}


def is_the_same_in_any_company(vary, order, size) -> None:
    """A row varies alike whenever it is asked for, and with whomever."""
    whole = vary(ROWS, **KEY)
    for start in range(0, len(ROWS), size):
        rows = order[start : start + size]
        assert torch.equal(vary(rows, **KEY), whole[rows])


def depends_on_seed_and_epoch(vary) -> None:
    """Another epoch or seed varies otherwise; the same ones do not."""
    made = [vary(ROWS, seed=seed, epoch=epoch) for seed, epoch in ((0, 0), (0, 0), (0, 1), (1, 0))]
    assert torch.equal(made[0], made[1])
    assert not torch.equal(made[0], made[2])
    assert not torch.equal(made[0], made[3])
