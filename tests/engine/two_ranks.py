"""What one of two processes that train together does: steps of every kind of task, and what came of them into a file.

`python -m tests.engine.two_ranks NUMBER PLACE` runs one of them.
"""

import random
import sys

import torch
from torch import distributed, nn

from kilter.engine import ranks

from .accumulating import MAKERS, ROWS, batch_of, cut, make, stepped

WORLD = 2
TRIALS = 4


def cases(kind):
    """Rows of a window, their weights, and the batches of each rank, cut as it comes: some ranks have none."""
    draw = random.Random(kind)
    for trial in range(TRIALS):
        rows = draw.sample(range(96), ROWS)
        weights = draw.choices([0.0, 0.25, 1.0, 3.0], k=ROWS) if trial else [0.0] * ROWS
        shares = cut(rows, WORLD, draw)
        yield rows, weights, [[part for part in cut(share, 2, draw) if part] for share in shares]


def by_hand(number):
    """Gradients of some parameters only, of two types, in buckets of three numbers."""
    ranks.BUCKET = 3
    parameters = [nn.Parameter(torch.zeros(2, dtype=dtype)) for dtype in (torch.float32, torch.float64) * 3]
    for at, parameter in enumerate(parameters):
        if at % 3 == number:  # 0 and 3 on the first rank, 1 and 4 on the second, 2 and 5 on neither
            parameter.grad = torch.full_like(parameter, at + 1.0)
    parameters[0].grad = torch.full((2,), 10.0 + number)
    totals = ranks.add_up(parameters, ranks.Totals(1.0 + number, 0.1))
    return [parameter.grad for parameter in parameters], tuple(totals), ranks.several()


def main(number, place):
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{place}/meet", rank=number, world_size=WORLD)
    outcomes = {}
    for kind in MAKERS:
        pipeline, model = make(kind)
        for trial, (_, weights, shares) in enumerate(cases(kind)):
            outcome = stepped(pipeline, model, [batch_of(pipeline, part, weights) for part in shares[number]])
            outcomes[kind, trial] = tuple(outcome.said), outcome.gradients, outcome.weights
    outcomes["by hand"] = by_hand(number)
    torch.save(outcomes, f"{place}/{number}.pt")
    distributed.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
