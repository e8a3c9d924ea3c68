"""What cheap learners reach within and across the splits."""

import numpy as np
import torch
from torch import nn

from kilter.checks.program.batches.relations import pairs, relations, strangeness


def test_skills_of_a_healthy_program_are_alike(make, sets):
    seen = relations(make(sets["digits"]()))
    assert min(seen.train, seen.valid, seen.forth, seen.back) > 0.8
    assert 0.8 < seen.strangeness < 1.2


def test_shuffled_training_labels_are_seen_from_both_sides(make, sets):
    x, y, *valid = sets["digits"]()
    seen = relations(make((x, y[torch.randperm(len(y), generator=torch.Generator().manual_seed(0))], *valid)))
    assert seen.valid > 0.8
    assert max(seen.train, seen.back, seen.forth) < 0.2


def test_nothing_is_said_of_few_rows_or_of_inputs_that_are_learnt_again(make, sets, parts):
    x, y, valid_x, valid_y = sets["digits"]()
    assert relations(make((x, y, valid_x[:20], valid_y[:20]))) is None
    about = {"loss_fn": nn.MSELoss(), "task": "regression", "validate": None}
    assert relations(make((x, x, valid_x, valid_x), lambda: parts["mlp"](64, 64), **about)) is None


def test_a_single_huge_target_is_brought_back(make, sets, parts):
    x, y, *valid = sets["diabetes"]()
    y = y.clone()
    y[0] = -9999.0
    about = {"loss_fn": nn.MSELoss(), "task": "regression", "validate": parts["explained"]}
    both = pairs(make((x, y, *valid), lambda: parts["mlp"](10, 1), **about))
    assert both.train_targets.min() > -20


class Tags(nn.Module):
    """A class for each token."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(20, 8)
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        return self.head(self.embedding(x))


def test_tags_follow_from_tokens(make):
    x = torch.randint(1, 20, (300, 9), generator=torch.Generator().manual_seed(0))
    y = torch.where(torch.arange(9) < 6, x % 5, -100)
    about = {"loss_fn": lambda o, t: nn.functional.cross_entropy(o.flatten(0, 1), t.flatten()), "task": "tagging"}
    bench = make((x[:200], y[:200], x[200:], y[200:]), Tags, validate=None, **about)
    assert pairs(bench).train_targets.shape[1] == 5
    assert relations(bench).forth > 0.9


def test_strangeness_of_the_same_source_and_of_noise():
    random = np.random.default_rng(0)
    rows, others = random.standard_normal((200, 10)), random.standard_normal((200, 10))
    assert 0.8 < strangeness(rows, others) < 1.2
    assert strangeness(rows + 5 * random.standard_normal((200, 10)), others) > 2
