"""The pair of networks for points."""

from itertools import pairwise

import pytest
import torch

from genloom.errors import InputError
from genloom.nn.gan.points import PointDiscriminator, PointGenerator
from genloom.nn.gan.shape import GanShape

SHAPE = GanShape(latent=3, width=16, norm="none")
LABELLED = GanShape(latent=3, width=16, norm="none", labels=4)


def _y(*classes: int) -> torch.Tensor:
    return torch.nn.functional.one_hot(torch.tensor(classes), 4).float()


def test_shapes_and_sizes() -> None:
    generator, discriminator = PointGenerator(SHAPE, dim=2, depth=3), PointDiscriminator(SHAPE, dim=2, depth=3)
    points = generator(torch.randn(5, 3))
    assert points.shape == (5, 2)
    assert discriminator(points).logits.shape == (5,)
    count = [sum(p.numel() for p in network.parameters()) for network in (generator, discriminator)]
    assert count == [(3 + 1) * 16 + (16 + 1) * 16 + (16 + 1) * 2, (2 + 1) * 16 + (16 + 1) * 16 + (16 + 1)]


@pytest.mark.parametrize("told", ["concatenate", "multiply"])
def test_a_told_generator_has_one_answer_for_each_class(told: str) -> None:
    torch.manual_seed(0)
    generator = PointGenerator(GanShape(latent=3, width=16, norm="none", labels=4, told=told))
    if told == "multiply":
        torch.nn.init.normal_(generator.start.factor.weight)
    z = torch.randn(1, 3).expand(4, -1)
    found = generator(z, _y(0, 1, 2, 3))
    assert torch.pdist(found).min() > 1e-4


@pytest.mark.parametrize("judging", ["planes", "projection"])
def test_a_told_discriminator_has_one_answer_for_each_class_and_needs_the_class(judging: str) -> None:
    torch.manual_seed(0)
    discriminator = PointDiscriminator(GanShape(latent=3, width=16, norm="none", labels=4, judging=judging))
    x = torch.randn(1, 2).expand(4, -1)
    found = discriminator(x, _y(0, 1, 2, 3)).logits.sort().values
    assert all(b - a > 1e-5 for a, b in pairwise(found.tolist()))
    with pytest.raises(InputError, match="y = None"):
        discriminator(x)


def test_auxiliary_labels_and_codes_are_read() -> None:
    shape = GanShape(latent=3, width=16, norm="none", labels=4, judging="auxiliary", read=6)
    verdict = PointDiscriminator(shape)(torch.randn(5, 2))
    assert verdict.labels.shape == (5, 4)
    assert verdict.code.shape == (5, 6)


def test_spectral_normalisation_bounds_the_slope_of_the_discriminator() -> None:
    torch.manual_seed(0)
    discriminator = PointDiscriminator(GanShape(latent=3, width=16, norm="none", spectral="discriminator"))
    with torch.no_grad():
        for parameter in discriminator.parameters():
            parameter.mul_(20)
        for _ in range(50):
            discriminator(torch.randn(4, 2))
    discriminator.eval()
    x = torch.randn(200, 2, requires_grad=True)
    (slope,) = torch.autograd.grad(discriminator(x).logits.sum(), x)
    assert slope.norm(dim=1).max() <= 1.001


@pytest.mark.parametrize(("shape", "depth", "said"), [
    (SHAPE, 1, "network.depth"),
    (GanShape(latent=3, width=16, norm="none", labels=4, told="norm"), 4, "network.told"),
    (GanShape(latent=3, width=16), 4, "network.norm"),
    (GanShape(latent=3, width=16, norm="none", attention=(8,)), 4, "network.attention"),
])
def test_what_points_have_no_place_for_is_refused(shape: GanShape, depth: int, said: str) -> None:
    for network in (PointGenerator, PointDiscriminator):
        with pytest.raises(InputError, match=said):
            network(shape, depth=depth)
