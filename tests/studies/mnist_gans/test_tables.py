"""S4.13, S4.14 and S4.15 as items of the report."""

import torch
from torch import nn

from genloom.studies.mnist_gans.tables import (
    DISCRIMINATOR,
    GENERATOR,
    discriminator,
    generator,
    initial,
    layers_of,
    weights,
)
from genloom.studies.mnist_gans.written import ours


def test_the_items_are_whole_and_every_verdict_holds(tiny, check) -> None:
    for item in (discriminator, generator, initial):
        assert all(result.status == "pass" for result in check(item, tiny).results), item.number


def test_layers_come_in_the_order_of_the_tables() -> None:
    made, judged = ours("tables")
    assert tuple(type(each).__name__ for each in layers_of(made)) == GENERATOR
    assert tuple(type(each).__name__ for each in layers_of(judged)) == DISCRIMINATOR


def test_other_weights_than_the_rule_s_are_noticed() -> None:
    layer = nn.Linear(64, 300)
    nn.init.kaiming_uniform_(layer.weight, generator=torch.Generator().manual_seed(0))
    nn.init.zeros_(layer.bias)
    right = weights("G", layer)
    assert right.errors < 4
    assert right.largest <= right.bound
    assert right.bias == 0
    nn.init.kaiming_normal_(layer.weight, generator=torch.Generator().manual_seed(0))
    assert weights("G", layer).largest > right.bound
    nn.init.uniform_(layer.weight, -0.1, 0.1, generator=torch.Generator().manual_seed(0))
    assert weights("G", layer).errors > 4
