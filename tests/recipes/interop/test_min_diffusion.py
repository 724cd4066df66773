"""The layout itself, and its equality with the published code, is tested with the network."""

import pytest
import torch
from torch import Tensor

from genloom.errors import CheckpointError, InputError
from genloom.nn.naive_unet import NaiveUNet, NaiveUNetShape
from genloom.recipes.interop import min_diffusion
from genloom.recipes.process import Diffusion
from genloom.recipes.process_parts import make_denoiser, make_schedule

SHAPE = NaiveUNetShape(size=32, channels=1, width=8)


def published_tables(steps: int) -> dict[str, Tensor]:
    """What minDiffusion's `DDPM` saves beside its network; entries 0 … T."""
    beta = (0.02 - 1e-4) * torch.arange(0, steps + 1, dtype=torch.float32) / steps + 1e-4
    alpha = 1 - beta
    kept = torch.cumsum(alpha.log(), dim=0).exp()
    return {"alpha_t": alpha, "oneover_sqrta": alpha.rsqrt(), "sqrt_beta_t": beta.sqrt(), "alphabar_t": kept,
            "sqrtab": kept.sqrt(), "sqrtmab": (1 - kept).sqrt(), "mab_over_sqrtmab": beta / (1 - kept).sqrt()}


def checkpoint(steps: int = 50) -> dict[str, Tensor]:
    torch.manual_seed(0)
    network = NaiveUNet(SHAPE).state_dict()
    return published_tables(steps) | {f"eps_model.{name}": tensor for name, tensor in network.items()}


@torch.no_grad()
def test_the_network_is_told_what_it_was_told_and_sees_the_same_noise() -> None:
    weights = checkpoint()
    found = min_diffusion.read("it", weights, size=32)
    schedule = make_schedule(found.schedule)
    network = NaiveUNet(found.shape).eval()
    network.load_state_dict(found.state)
    denoiser = make_denoiser(Diffusion(time_input="t"), schedule, network)
    x = torch.randn(2, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    for i in (1, 2, 25, 50):
        level = schedule.level(i / 50)
        assert float(level.alpha) ** 2 == pytest.approx(weights["alphabar_t"][i].item(), rel=1e-5)
        expected = network(x, torch.full((2,), i / 50))
        torch.testing.assert_close(denoiser(x, i / 50).eps, expected, rtol=0, atol=1e-5)


def test_the_weights_are_the_same_bit_for_bit() -> None:
    weights = checkpoint()
    found = min_diffusion.read("it", weights, size=64)
    assert found.shape == NaiveUNetShape(size=64, channels=1, width=8)
    assert all(torch.equal(found.state[name], weights[f"eps_model.{name}"]) for name in found.state)


def test_a_bare_network_has_the_process_of_the_published_scripts() -> None:
    bare = {name.removeprefix("eps_model."): tensor for name, tensor in checkpoint().items() if "eps_model" in name}
    assert min_diffusion.is_one(bare)
    assert not min_diffusion.is_one({"a": torch.zeros(1)})
    schedule = make_schedule(min_diffusion.read("it", bare, size=32).schedule)
    kept = published_tables(1000)["alphabar_t"].double()
    at = torch.arange(1, 1001, dtype=torch.float64) / 1000
    torch.testing.assert_close(schedule.alpha(at) ** 2, kept[1:], rtol=2e-4, atol=1e-9)


@pytest.mark.parametrize(("change", "said"), [
    ({"eps_model.init_conv.main.0.weight": None}, "lacks init_conv.main.0.weight"),
    ({"eps_model.out.bias": None}, "it lacks out.bias"), ({"eps_model.more": torch.zeros(1)}, "more beyond it"),
    ({"beside": torch.zeros(1)}, "beside beyond it"), ({"alpha_t": torch.ones(3)}, "alpha_t is no table"),
    ({"alpha_t": torch.zeros(())}, "alpha_t is no table"), ({"eps_model.out.bias": torch.zeros(9)}, "out.bias is"),
    ({"eps_model.init_conv.main.0.weight": torch.zeros(7, 1, 3, 3)}, "not a multiple of 8"),
    ({"eps_model.init_conv.main.0.weight": torch.zeros(3)}, "lacks init_conv.main.0.weight")])
def test_what_is_not_of_the_layout_is_refused_by_name(change: dict[str, Tensor | None], said: str) -> None:
    weights = {name: tensor for name, tensor in (checkpoint() | change).items() if tensor is not None}
    with pytest.raises(CheckpointError, match=said):
        min_diffusion.read("it", weights, size=32)


def test_a_size_that_the_network_cannot_have_is_refused() -> None:
    with pytest.raises(InputError, match="size"):
        min_diffusion.read("it", checkpoint(), size=28)
