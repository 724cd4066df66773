"""A row by NumPy is the row of the network, and of another network it is not."""

import numpy as np
import pytest
import torch

from genloom.autoregressive.attribution import every_row
from genloom.nn.gpt import GPT, GPTShape
from genloom.studies.alice.by_hand import queries_and_keys, row_by_hand


def network(seed: int = 0) -> GPT:
    torch.manual_seed(seed)
    gpt = GPT(GPTShape(vocabulary=20, context=12, width=12, blocks=2, heads=3)).double().eval()
    for parameter in gpt.parameters():
        parameter.data.mul_(4)
    return gpt


@pytest.mark.parametrize("block", [0, 1])
def test_two_ways_to_one_row(block: int) -> None:
    gpt, tokens = network(), torch.arange(9)
    scores, weights = row_by_hand(gpt, tokens, 6, block)
    row = every_row(gpt, tokens, 6)[block]
    assert np.allclose(scores, row.scores.numpy(), atol=1e-12)
    assert np.allclose(weights, row.weights.numpy(), atol=1e-12)
    assert not np.allclose(row_by_hand(network(1), tokens, 6, block)[1], row.weights.numpy(), atol=1e-3)


def test_queries_and_keys_belong_to_heads() -> None:
    query, key = queries_and_keys(network(), torch.arange(9), 1)
    assert query.shape == key.shape == (3, 9, 4)
    assert not network().blocks[1].attention.qkv._forward_hooks
