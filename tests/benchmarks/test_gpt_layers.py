"""torch's own layers are the same network, in evaluation and in training."""

import pytest
import torch
from torch.nn import functional as F

from genloom.benchmarks.gpt_layers import layered
from genloom.nn.gpt import GPT, GPTShape


def made(dropout: float = 0.0) -> GPT:
    torch.manual_seed(0)
    network = GPT(GPTShape(vocabulary=31, context=12, width=24, blocks=2, heads=3, dropout=dropout))
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)  # nothing is at 0
    return network


@pytest.mark.parametrize("length", [12, 5])
@pytest.mark.parametrize("training", [True, False])
def test_it_is_the_same_function(length: int, training: bool) -> None:
    network, tokens = made().train(training), torch.randint(31, (2, length))
    same = layered(network).train(training)
    torch.testing.assert_close(same(tokens), network(tokens), rtol=1e-4, atol=1e-4)


def test_its_gradients_are_the_same_and_its_weights_are_its_own() -> None:
    network, tokens, targets = made(), torch.randint(31, (2, 12)), torch.randint(31, (2, 12))
    same = layered(network)
    network(tokens, targets=targets).backward()
    loss = F.cross_entropy(same(tokens).flatten(0, 1), targets.flatten())
    loss.backward()  # type: ignore[no-untyped-call] # torch gives no type
    assert network.token_table.weight.grad is not None
    torch.testing.assert_close(same.tokens.weight.grad, network.token_table.weight.grad, rtol=1e-3, atol=1e-5)
    assert sum(p.numel() for p in same.parameters()) == network.parameters_count
    mine = {p.data_ptr() for p in network.parameters()}
    assert not mine & {p.data_ptr() for p in same.parameters()}


def test_it_drops_out_in_training_where_gpt_2_does() -> None:
    same = layered(made(dropout=0.5))
    rates = [layer.p for layer in same.modules() if isinstance(layer, torch.nn.Dropout)]
    assert rates == [0.5, *[0.0, 0.5, 0.5] * 2], "the embedding; in each block none in the MLP, and both branches"
    assert {layer.self_attn.dropout for layer in same.layers} == {0.5}  # type: ignore[union-attr] # modules both
