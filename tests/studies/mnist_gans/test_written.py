"""genloom's pairs are the written ones."""

import pytest
import torch

from genloom.errors import InputError
from genloom.studies.mnist_gans.written import SIZE, WRITTEN, apart, copy_weights, layers, ours, parameters

COUNTS = {"mlp": (1_952_528, 267_009), "course": (6_675_009, 1_102_721), "tables": (107_777, 593)}


@pytest.mark.parametrize("kind", WRITTEN)
def test_with_the_same_weights_they_are_the_same_functions(kind: str) -> None:
    assert max(apart(kind)) < 1e-12


@pytest.mark.parametrize("kind", WRITTEN)
def test_the_numbers_of_parameters_are_those_of_the_texts(kind: str) -> None:
    written = WRITTEN[kind]()
    assert tuple(map(parameters, written[:2])) == COUNTS[kind]
    assert tuple(map(parameters, ours(kind))) == COUNTS[kind]


@pytest.mark.parametrize("kind", WRITTEN)
def test_the_layers_lead_to_a_picture_and_to_one_logit(kind: str) -> None:
    written = WRITTEN[kind]()
    made = list(layers(written.generator, torch.zeros(2, written.latent)))
    judged = list(layers(written.discriminator, torch.zeros(2, 1, SIZE, SIZE)))
    assert made[-1].shape == (1, SIZE, SIZE)
    assert judged[-1].shape == (1,)
    assert sum(layer.parameters for layer in made + judged) == sum(COUNTS[kind])


def test_the_tables_have_ten_and_nine_layers_beside_a_change_of_shape_each() -> None:
    written = WRITTEN["tables"]()
    words = [layer.words for layer in layers(written.discriminator, torch.zeros(2, 1, SIZE, SIZE))]
    assert len(written.generator) == 10 + 1
    assert len(words) == 9 + 1
    assert words[6] == "convolution 3 × 3, 4 → 8, stride 1, padding 0"


def test_weights_of_another_network_are_refused() -> None:
    with pytest.raises(InputError, match="MlpGenerator"):
        copy_weights(ours("mlp")[0], WRITTEN["course"]().generator)


def test_seeds_decide_the_weights_and_nothing_else_does() -> None:
    first, again, other = (next(ours("course", seed)[0].parameters()) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
