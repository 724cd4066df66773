"""No class and no label have vectors of their own; a set is the sum of its labels."""

import pytest
import torch

from genloom.errors import InputError
from genloom.nn.conditioning import ClassEmbedding, LabelSetEmbedding


def test_no_class_is_the_class_after_the_last() -> None:
    embedding = ClassEmbedding(3, 5)
    assert embedding.table.weight.shape == (4, 5)
    torch.testing.assert_close(embedding(None), embedding(torch.tensor([3])))
    torch.testing.assert_close(embedding(torch.tensor([1, 0])), embedding.table.weight[[1, 0]])


def test_a_set_is_not_a_class() -> None:
    with pytest.raises(InputError, match=r"labels = .*must be class numbers, int64 of shape \(B,\)"):
        ClassEmbedding(3, 5)(torch.eye(3))


def test_a_set_is_the_sum_of_its_labels_and_the_empty_one_has_its_own() -> None:
    embedding = LabelSetEmbedding(3, 5).double()
    rows = embedding.table.weight
    sets = torch.tensor([[1.0, 0, 1], [0, 0, 0], [0, 1, 0]])
    torch.testing.assert_close(embedding(sets), torch.stack([rows[0] + rows[2], rows[3], rows[1]]))
    torch.testing.assert_close(embedding(None), rows[3:])


def test_a_sample_sees_the_tokens_of_its_set() -> None:
    context = LabelSetEmbedding(3, 5).context(torch.tensor([[1.0, 0, 1], [0, 0, 0]]))
    assert context.tokens.shape == (4, 5)
    assert context.seen.tolist() == [[True, False, True, False], [False, False, False, True]]


def test_each_label_of_a_set_is_a_token_and_the_rest_are_empty() -> None:
    embedding = LabelSetEmbedding(4, 5)
    rows = embedding.table.weight
    tokens = embedding.tokens(torch.tensor([[0, 1, 0, 1], [0, 0, 0, 0]]), 3)
    torch.testing.assert_close(tokens[0].sort(0).values, torch.stack([rows[1], rows[3], rows[4]]).sort(0).values)
    torch.testing.assert_close(tokens[1], rows[4].expand(3, -1))
    assert embedding.tokens(None, 2).shape == (1, 2, 5)
    with pytest.raises(InputError, match="at most 1 labels in a set"):
        embedding.tokens(torch.tensor([[1, 1, 0, 0]]), 1)


def test_another_number_of_labels_is_refused() -> None:
    with pytest.raises(InputError, match=r"labels = 'shape \(2, 4\)': must be multi-hot of shape \(B, 3\)"):
        LabelSetEmbedding(3, 5)(torch.zeros(2, 4))
