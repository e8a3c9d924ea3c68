import math

import pytest
import torch

from kilter.models.language_transformer import Causal, LanguageTransformer, worth_of_looks
from kilter.values.inputs import Inputs

INPUTS = Inputs(vocabulary=11, longest=5, texts=1)


def test_a_look_is_worth_what_distance_and_slope_say():
    worth = worth_of_looks(4, 2, torch.zeros(()))
    for head in range(2):
        for place in range(4):
            for other in range(4):
                slope = 2.0 ** (-8 * (head + 1) / 2)
                expected = -slope * (place - other) if other <= place else -math.inf
                assert worth[head, place, other].item() == pytest.approx(expected)


def test_attention_agrees_with_its_definition():
    torch.manual_seed(0)
    block, states = Causal(6, 2, 2, "gelu", 0.0).eval(), torch.randn(2, 4, 6)
    worth = worth_of_looks(4, 2, states)
    query, key, value = block.query(states), block.key(states), block.value(states)
    looked = torch.zeros_like(states)
    for row in range(2):
        for head in range(2):
            part = slice(3 * head, 3 * head + 3)
            for place in range(4):
                fits = [
                    (query[row, place, part] @ key[row, other, part]) / math.sqrt(3) + worth[head, place, other]
                    for other in range(place + 1)
                ]
                shares = torch.stack(fits).softmax(dim=0)
                looked[row, place, part] = sum(share * value[row, other, part] for other, share in enumerate(shares))
    torch.testing.assert_close(block.attended(states, worth), block.joined(looked), rtol=1e-4, atol=1e-5)


def test_a_text_may_be_longer_than_those_of_training():
    model = LanguageTransformer(INPUTS, 11, width=8, heads=2, layers=1).eval()
    assert model(torch.ones(1, 40, dtype=torch.int64)).isfinite().all()


def test_tied_embeddings_recognise_tokens_and_begin_near_chance():
    torch.manual_seed(0)
    free = LanguageTransformer(INPUTS, 11, width=64)
    tied = LanguageTransformer(INPUTS, 11, width=64, tied=True)
    count = [sum(parameter.numel() for parameter in model.parameters()) for model in (free, tied)]
    assert count[0] - count[1] == 64 * 11 + 11
    torch.nn.init.normal_(tied.embedding.weight, std=0.25)
    answers = tied.eval()(torch.randint(1, 11, (4, 9)))
    assert -answers.log_softmax(dim=-1).mean().item() == pytest.approx(math.log(11), rel=0.05)


@pytest.mark.parametrize(
    ("arguments", "said"), [({"width": 10, "heads": 4}, "share evenly"), ({"tied": True}, "as many are legal")]
)
def test_sizes_that_do_not_fit_are_refused(arguments, said):
    with pytest.raises(ValueError, match=said):
        LanguageTransformer(INPUTS, 12, **arguments)
