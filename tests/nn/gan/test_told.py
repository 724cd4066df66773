"""Labels enter by their formulas, change nothing at first where that is promised, and are asked for where needed."""

from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from genloom.errors import InputError
from genloom.nn.gan.shape import GanShape
from genloom.nn.gan.told import ConditionalNorm, LabelPlanes, Start

SETS = torch.tensor([[0.0, 1, 1], [1, 0, 0], [0, 0, 0], [0, 0, 1]], dtype=torch.float64)


def shape(**options: Any) -> GanShape:
    return GanShape(**{"labels": 3, "latent": 5, "size": 4, **options})


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def noise(*sizes: int) -> Tensor:
    return torch.randn(*sizes, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize("told", ["none", "norm"])
def test_noise_alone_starts_a_generator_that_is_told_nothing_or_through_its_norms(told: str) -> None:
    start, z = Start(shape(told=told)), noise(4, 5)
    assert start.width == 5
    assert torch.equal(start(z, None if told == "none" else SETS), z)


def test_concatenation_puts_labels_beside_the_noise() -> None:
    start, z = Start(shape(told="concatenate")), noise(4, 5)
    assert start.width == 8
    assert torch.equal(start(z, SETS), torch.cat((z, SETS), 1))
    assert start(z.float(), SETS).dtype == torch.float32


def test_multiplication_is_a_factor_that_starts_at_one() -> None:
    start, z = Start(shape(told="multiply")).double(), noise(4, 5)
    factor = cast(nn.Linear, start.factor)
    assert start.width == 5
    assert torch.equal(start(z, SETS), z)
    nn.init.normal_(factor.weight)
    table = factor.weight.T
    expected = z * (1 + torch.stack([table[1] + table[2], table[0], 0 * table[0], table[2]]))
    torch.testing.assert_close(start(z, SETS), expected)


@pytest.mark.parametrize("told", ["concatenate", "multiply", "norm"])
@pytest.mark.parametrize("y", [None, SETS[:3], SETS[:, :2]])
def test_labels_that_are_missing_or_of_another_shape_are_refused(told: str, y: Tensor | None) -> None:
    with pytest.raises(InputError, match=r"y = .*: must be labels of shape \(4, 3\)"):
        Start(shape(told=told)).double()(noise(4, 5), y)


@pytest.mark.parametrize("told", ["none", "concatenate", "norm"])
@pytest.mark.parametrize("sizes", [(4, 6), (4, 6, 3, 2)])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_an_untold_norm_is_batch_norm(told: str, sizes: tuple[int, ...], layout: torch.memory_format) -> None:
    """Also one that could be told and was not trained yet; its statistics are those of torch's."""
    norm = ConditionalNorm(shape(told=told), 6).double()
    plain = (nn.BatchNorm1d if len(sizes) == 2 else nn.BatchNorm2d)(6).double()
    with torch.no_grad():
        for values in (norm.weight, norm.bias):
            values.copy_(noise(6))
    plain.load_state_dict({"weight": norm.weight, "bias": norm.bias}, strict=False)
    for seed in range(3):
        x = torch.randn(*sizes, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) + 2
        x = x if len(sizes) == 2 else x.to(memory_format=layout)
        torch.testing.assert_close(norm(x, SETS), plain(x))
    statistics = dict(norm.statistics.named_buffers())
    for name, value in plain.named_buffers():
        torch.testing.assert_close(statistics[name], value)
    torch.testing.assert_close(norm.eval()(x, SETS), plain.eval()(x))
    assert dict(norm.statistics.named_buffers())["num_batches_tracked"] == 3


@pytest.mark.parametrize("sizes", [(4, 6), (4, 6, 3, 2)])
@pytest.mark.parametrize("training", [True, False])
def test_a_told_norm_is_its_formula(sizes: tuple[int, ...], training: bool) -> None:
    """[de Vries et al. 2017, Eq. 4], for sets of labels: the sum of the columns of the labels that are there."""
    norm, x = ConditionalNorm(shape(told="norm"), 6).double().train(training), noise(*sizes)
    table = cast(nn.Linear, norm.table)
    for parameter in norm.parameters():
        nn.init.normal_(parameter)
    dims = tuple(i for i in range(x.ndim) if i != 1)
    mean, variance = (x.mean(dims, keepdim=True), x.var(dims, keepdim=True, correction=0)) if training else (0, 1)
    columns = table.weight.T
    told = torch.stack([columns[1] + columns[2], columns[0], 0 * columns[0], columns[2]])
    places = (4, 6, *(1,) * (x.ndim - 2))
    gamma, beta = (norm.weight + told[:, :6]).view(places), (norm.bias + told[:, 6:]).view(places)
    torch.testing.assert_close(norm(x, SETS), (x - mean) / (variance + 1e-5) ** 0.5 * gamma + beta)


def test_a_told_norm_needs_labels_and_an_untold_one_does_not() -> None:
    with pytest.raises(InputError, match="y = None"):
        ConditionalNorm(shape(told="norm"), 6)(noise(4, 6).float())
    assert ConditionalNorm(shape(), 6)(noise(4, 6).float()).shape == (4, 6)


def test_half_precision_stays_half_in_a_told_norm() -> None:
    norm, x = ConditionalNorm(shape(told="norm"), 6), noise(4, 6, 3, 2).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        assert norm(x, SETS.float()).dtype == torch.bfloat16


def test_the_labels_are_a_plane_beside_the_picture() -> None:
    planes, x = LabelPlanes(shape(judging="planes", channels=2)).double(), noise(4, 2, 4, 4)
    assert planes.channels == 3
    table = cast(nn.Linear, planes.plane).weight.T.view(3, 4, 4)
    expected = torch.stack([table[1] + table[2], table[0], 0 * table[0], table[2]])
    seen = planes(x, SETS)
    assert torch.equal(seen[:, :2], x)
    torch.testing.assert_close(seen[:, 2], expected)


def test_planes_need_labels() -> None:
    with pytest.raises(InputError, match="y = None: must be labels"):
        LabelPlanes(shape(judging="planes", channels=2))(noise(4, 2, 4, 4))


@pytest.mark.parametrize("judging", ["none", "projection", "auxiliary"])
def test_other_judges_see_the_picture_alone(judging: str) -> None:
    planes, x = LabelPlanes(shape(judging=judging, channels=2)), noise(4, 2, 4, 4)
    assert planes.channels == 2
    assert planes(x, SETS) is x
    assert not list(planes.parameters())
