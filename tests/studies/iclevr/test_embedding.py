"""S1.2 as an item of the report, and what an embedding knows of colours and shapes."""

import torch

from genloom.data.images.labelsets import COLOURS, NAMES, SHAPES
from genloom.nn.conditioning import LabelSetEmbedding
from genloom.rng import generator
from genloom.studies.iclevr.embedding import embedding, learned, of
from genloom.studies.iclevr.work import ddpm


def _embedding(table: torch.Tensor) -> LabelSetEmbedding:
    found = LabelSetEmbedding(24, table.shape[1])
    with torch.no_grad():
        found.table.weight[:24] = table
    return found


def test_the_item_is_whole(tiny, check) -> None:
    answer = check(embedding, tiny, formula=True)
    assert answer.results[0].status == "pass", "sets are sums"
    assert answer.results[0].value < 1e-12


def test_the_embedding_is_found_in_the_network(tiny) -> None:
    assert of(ddpm(tiny).trained.networks["denoiser"]).labels == 24


def test_a_table_that_is_colour_plus_shape_is_explained_and_a_random_one_is_not() -> None:
    random = generator(0, 1)
    colour, shape = torch.randn(8, 64, generator=random), torch.randn(3, 64, generator=random)
    sums = torch.stack([colour[COLOURS.index(name.split()[0])] + shape[SHAPES.index(name.split()[1])]
                        for name in NAMES])
    found = learned(_embedding(sums), NAMES)
    assert found.explained > 1 - 1e-6
    assert found.p < 1e-3
    assert found.chance == 9 / 23
    assert found.means["same colour"] > found.means["nothing shared"]
    assert found.means["same shape"] > found.means["nothing shared"]
    blind = learned(_embedding(torch.randn(24, 512, generator=random)), NAMES)
    assert abs(blind.explained - 9 / 23) < 0.03
    assert abs(blind.means["nothing shared"] + 1 / 23) < 0.03
