import torch

from kilter.models.columns import Columns
from kilter.values.inputs import Inputs


def test_each_column_of_categories_has_embeddings_of_its_own():
    columns = Columns(Inputs(numbers=2, categories=(3, 4)), embedding=5)
    numbers, categories = torch.randn(6, 2), torch.tensor([[0, 0], [2, 3]] * 3)
    vectors = columns(numbers, categories)
    assert vectors.shape == (6, columns.width) == (6, 12)
    torch.testing.assert_close(vectors[:, :2], numbers)
    torch.testing.assert_close(vectors[0, 2:7], columns.embedding.weight[0])
    torch.testing.assert_close(vectors[1, 7:], columns.embedding.weight[3 + 3])


def test_without_columns_nothing_is_added():
    features = torch.randn(2, 3)
    assert Columns(Inputs(vocabulary=3)).beside(features, None, None) is features


def test_each_token_gets_the_columns_of_its_row():
    columns, features, numbers = Columns(Inputs(numbers=2)), torch.randn(3, 5, 4), torch.randn(3, 2)
    made = columns.beside(features, numbers, None)
    assert made.shape == (3, 5, 6)
    assert torch.equal(made[..., :4], features)
    assert torch.equal(made[:, 4, 4:], numbers)
