"""Each logit sees one patch of one picture; spectral normalisation bounds the weights and rests in eval."""

from typing import Any

import pytest
import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from genloom.errors import InputError
from genloom.nn.patch_discriminator import PatchDiscriminator, PatchShape


def made(seed: int = 0, **sizes: Any) -> PatchDiscriminator:
    torch.manual_seed(seed)
    return PatchDiscriminator(PatchShape(**{"size": 32, "width": 4, "layers": 2, **sizes})).double()


def pictures(count: int = 3, size: int = 32) -> Tensor:
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize(("layers", "size", "patch"), [(1, 16, 16), (2, 32, 34), (3, 256, 70), (3, 50, 70),
                                                        (4, 48, 142)])
def test_sizes_are_those_of_the_source(layers: int, size: int, patch: int) -> None:
    network = made(layers=layers, size=size)
    assert network.shape.patch == patch
    out = network(pictures(1, size))
    assert out.shape == (1, 1, network.shape.patches, network.shape.patches)


def test_70_pixel_patches_of_256_pixel_pictures_are_30_by_30() -> None:
    shape = PatchShape(size=256, layers=3)
    assert (shape.patch, shape.patches) == (70, 30)


def test_a_logit_sees_its_patch_and_nothing_else() -> None:
    network, x = made(norm="none", size=64), pictures(1, 64).requires_grad_()
    network(x)[0, 0, 6, 6].backward()
    assert x.grad is not None
    seen = x.grad.abs().sum(dim=(0, 1)) > 0
    rows, columns = seen.any(dim=1).nonzero(), seen.any(dim=0).nonzero()
    assert rows.max() - rows.min() + 1 == columns.max() - columns.min() + 1 == network.shape.patch == 34


@pytest.mark.parametrize("norm", ["instance", "none"])
@pytest.mark.parametrize("training", [True, False])
def test_a_picture_does_not_depend_on_the_others(norm: str, training: bool) -> None:
    network, x = made(norm=norm).train(training), pictures()
    torch.testing.assert_close(network(x[1:2]), network(x)[1:2], rtol=0, atol=1e-13)


@pytest.mark.parametrize("norm", ["instance", "none"])
@pytest.mark.parametrize("spectral", [True, False])
def test_the_gradient_reaches_each_parameter(norm: str, spectral: bool) -> None:
    network = made(norm=norm, spectral=spectral)
    network(pictures()).square().sum().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []


def test_spectral_weights_have_norm_one() -> None:
    network, x = made(norm="none", spectral=True), pictures()
    for _ in range(200):
        network(x)
    network.eval()
    norms = [torch.linalg.matrix_norm(m.weight.flatten(1), 2).item() for m in network.modules()
             if isinstance(m, nn.Conv2d)]
    assert norms == pytest.approx([1] * 4, abs=1e-3)


def test_spectral_normalisation_rests_in_eval() -> None:
    network, x = made(norm="none", spectral=True), pictures()
    state = {name: value.clone() for name, value in network.state_dict().items()}
    network.eval()
    assert torch.equal(network(x), network(x))
    assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())
    network.train()(x)
    assert any(not torch.equal(value, state[name]) for name, value in network.state_dict().items())


@pytest.mark.parametrize("spectral", [True, False])
def test_saving_and_loading_keep_the_function(spectral: bool) -> None:
    network, x = made(spectral=spectral).eval(), pictures()
    other = made(seed=1, spectral=spectral).eval()
    assert not torch.equal(other(x), network(x))
    other.load_state_dict(load(save({k: v.contiguous() for k, v in network.state_dict().items()})))
    assert torch.equal(other(x), network(x))


def test_every_layer_but_the_first_and_the_last_is_normalised() -> None:
    """The layers of [Isola et al. 2017, App. 6.1.2]: C64-C128-C256-C512, and no normalisation in C64."""
    kinds = [type(layer).__name__ for layer in made(size=64, layers=3, width=4).layers]
    assert kinds == ["Conv2d", "LeakyReLU", *["Conv2d", "InstanceNorm2d", "LeakyReLU"] * 3, "Conv2d"]


def test_widths_stop_at_eight_times() -> None:
    widths = [m.out_channels for m in made(layers=5, size=128).modules() if isinstance(m, nn.Conv2d)]
    assert widths == [4, 8, 16, 32, 32, 32, 1]


@pytest.mark.parametrize(("wrong", "message"), [
    ({"layers": 4}, r"discriminator.layers = 4: must be fewer for pictures of 32 pixels: .*; pass 3"),
    ({"layers": 0}, "discriminator.layers = 0"), ({"width": 0}, "discriminator.width = 0"),
])
def test_shapes_that_cannot_be_are_refused(wrong: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        PatchShape(**{"size": 32, **wrong})
