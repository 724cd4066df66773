"""S1.3 as an item of the report, and what is tried of each network."""

import torch
from torch import nn

from genloom.nn.gan.pairs import PAIRS, pair
from genloom.nn.gan.shape import GanShape
from genloom.nn.gan.verdict import Verdict
from genloom.studies.iclevr.gan_parts import MADE_OF, pairs, parts, tried_discriminator, tried_generator
from genloom.studies.iclevr.work import gan_recipe

_SHAPE = GanShape(size=16, channels=3, latent=6, labels=5, width=8, told="concatenate", judging="projection")


def test_the_item_is_whole_and_every_verdict_holds(tiny, check) -> None:
    answer = check(parts, tiny)
    assert all(result.status == "pass" for result in answer.results)
    assert not any("deaf" in cell for table in answer.tables for row in table.rows for cell in row)


def test_every_pair_is_there_with_the_ways_that_it_has_a_place_for(tiny) -> None:
    found = {each.kind: each for each in pairs(gan_recipe(tiny), 24)}
    assert set(found) == set(PAIRS) == set(MADE_OF)
    assert found["mlp"].generators["norm"] is None
    assert found["residual"].generators["norm"] is not None
    assert all(each.discriminators["projection"] is not None for each in found.values())


class _DeafGenerator(nn.Module):
    def forward(self, z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return torch.zeros(len(z), 3, 16, 16)


class _DeafDiscriminator(nn.Module):
    def forward(self, x: torch.Tensor, y: torch.Tensor) -> Verdict:
        return Verdict(x.flatten(1).mean(1))


def test_who_does_not_hear_is_found_out() -> None:
    assert not tried_generator(_DeafGenerator(), _SHAPE).heard
    assert not tried_discriminator(_DeafDiscriminator(), _SHAPE).heard
    network = pair("residual", _SHAPE)[0].eval()
    assert tried_generator(network, _SHAPE).heard
