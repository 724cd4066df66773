"""Autoencoders: the loss in closed form, the linear optimum, and a space that is standardised exactly."""

import pytest
import torch
from torch import Tensor, nn

from genloom.diffusion.latent import Autoencoding, LatentSpace, kl_to_standard, standard
from genloom.errors import InputError
from genloom.metrics.linear_code import principal
from genloom.rng import StepRng


class Linear(nn.Module):
    """x (B, D) -> x̂, (μ, v), where v does not depend on x."""

    def __init__(self, d: int, k: int) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(d, k).double(), nn.Linear(k, d).double()
        self.log_variance = nn.Parameter(torch.full((k,), -4.0, dtype=torch.float64))

    def forward(self, x: Tensor, noise: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        mean = self.down(x)
        v = self.log_variance.expand_as(mean)
        return self.up(mean + (v / 2).exp() * noise), (mean, v)


class Corners:
    """Noise whose mean and covariance are exactly 0 and I: the corners of a square, one for each copy of the data."""

    def normal(self, shape: tuple[int, ...]) -> Tensor:
        corners = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0], dtype=torch.float64)] * shape[1])
        return corners.repeat_interleave(shape[0] // len(corners), 0)


def data(n: int = 64, d: int = 5) -> Tensor:
    random = torch.Generator().manual_seed(0)
    scales = torch.tensor([2.0, 1.2, 0.5, 0.3, 0.2], dtype=torch.float64)
    mix = torch.linalg.qr(torch.randn(d, d, generator=random, dtype=torch.float64))[0]
    return 0.4 + (torch.randn(n, d, generator=random, dtype=torch.float64) * scales) @ mix


def loss_of(method: Autoencoding, network: nn.Module, x: Tensor, rng: object) -> Tensor:
    (update,) = method.updates({"autoencoder": network}, {"x": x}, rng)  # type: ignore[arg-type]
    return update.loss


@pytest.mark.parametrize(("mean", "variance"), [(0.0, 1.0), (1.3, 1.0), (-0.7, 0.25), (2.0, 9.0), (0.1, 1e-9)])
def test_the_divergence_is_that_of_torch(mean: float, variance: float) -> None:
    mu, v = torch.tensor(mean, dtype=torch.float64), torch.tensor(variance, dtype=torch.float64)
    known = torch.distributions.kl_divergence(torch.distributions.Normal(mu, v.sqrt()),
                                              torch.distributions.Normal(0.0, 1.0))
    torch.testing.assert_close(kl_to_standard(mu, v.log()), known, rtol=1e-12, atol=1e-15)


def test_the_loss_is_the_sum_of_its_parts() -> None:
    x, network = data(8), Linear(5, 2)
    for distance, missed in (("l2", torch.square), ("l1", torch.abs)):
        rng = StepRng(0, 0)
        (update,) = Autoencoding(latent=(2,), beta=0.3, distance=distance).updates(
            {"autoencoder": network}, {"x": x}, rng)
        seen, (mean, v) = network(x, StepRng(0, 0).normal((8, 2)).double())
        nats = kl_to_standard(mean, v).sum(1).mean()
        torch.testing.assert_close(update.loss, missed(seen - x).mean() + 0.3 * nats / 5)
        assert update.metrics["kl"] == nats
        assert update.metrics["reconstruction"] == missed(seen - x).mean()


def test_with_hardly_any_divergence_the_linear_optimum_is_that_of_principal_components() -> None:
    x, network = data(), Linear(5, 2)
    best = (principal(x, 2)(x) - x).square().mean()
    method = Autoencoding(latent=(2,), beta=1e-7, distance="l2")
    copies = x.repeat(4, 1)
    optimizer = torch.optim.LBFGS(network.parameters(), max_iter=600, tolerance_grad=1e-12, tolerance_change=0,
                                  line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = loss_of(method, network, copies, Corners())
        loss.backward()
        return loss

    optimizer.step(closure)
    reached = (network(x, torch.zeros(64, 2, dtype=torch.float64))[0] - x).square().mean()
    assert best * (1 - 1e-9) <= reached <= best * 1.0001


def test_with_a_squared_distance_the_optimum_is_probabilistic_principal_components() -> None:
    """β = 2s²: W = U (Λ − s²)^½, and posterior (M⁻¹Wᵀ(x − m), s² M⁻¹). [Tipping & Bishop 1999, Eq. 7; Lucas 2019]"""
    x, network, s2 = data(), Linear(5, 2), 0.2
    values, vectors = torch.linalg.eigh((x - x.mean(0)).T @ (x - x.mean(0)) / len(x))
    top, u = values[-2:], vectors[:, -2:]
    weight = u * (top - s2).sqrt()
    inverse = torch.diag(1 / top)  # M = WᵀW + s² I = Λ
    with torch.no_grad():
        network.up.weight.copy_(weight)
        network.up.bias.copy_(x.mean(0))
        network.down.weight.copy_(inverse @ weight.T)
        network.down.bias.copy_(-inverse @ weight.T @ x.mean(0))
        network.log_variance.copy_((s2 / top).log())
    method = Autoencoding(latent=(2,), beta=2 * s2, distance="l2")
    loss_of(method, network, x.repeat(4, 1), Corners()).backward()
    for parameter in network.parameters():
        assert parameter.grad.abs().max() < 1e-12
    wrong = Autoencoding(latent=(2,), beta=s2, distance="l2")
    network.zero_grad()
    loss_of(wrong, network, x.repeat(4, 1), Corners()).backward()
    assert network.log_variance.grad.abs().max() > 1e-3


def test_the_noise_is_a_function_of_the_step() -> None:
    method, network, x = Autoencoding(latent=(2,)), Linear(5, 2), data(6)
    a, b, c = (loss_of(method, network, x, StepRng(0, step)).item() for step in (3, 3, 4))
    assert a == b != c


def test_what_cannot_be_a_loss_is_refused() -> None:
    with pytest.raises(InputError, match=r"objective\.beta = -1"):
        Autoencoding(latent=(2,), beta=-1)
    with pytest.raises(InputError, match=r"objective\.distance"):
        Autoencoding(latent=(2,), distance="l3")


def code(x: Tensor) -> tuple[Tensor, Tensor]:
    """Channels with other means and deviations, and a variance that differs from place to place."""
    mean = torch.cat([3 * x + 100, -0.2 * x - 0.7], dim=1)
    return mean, torch.cat([x - 2, 0 * x - 30], dim=1)


def space(x: Tensor) -> LatentSpace:
    return LatentSpace(encoder=code, decoder=lambda z: (z[:, :1] - 100) / 3, standard=standard(code, x.split(7)),
                       shape=(2, 4, 4), batch=5)


def pictures(n: int = 24) -> Tensor:
    return torch.randn(n, 1, 4, 4, generator=torch.Generator().manual_seed(2)) * 0.5 + 0.1


def test_the_training_pictures_are_standardised_to_1e_6() -> None:
    x = pictures()
    z = space(x).encode(x)[:, 1].double()  # this channel has no noise
    assert abs(z.mean()) < 1e-6
    assert abs(z.std(correction=0) - 1) < 1e-6


def test_the_noise_counts_in_the_deviation() -> None:
    x = pictures()
    shift, scale = standard(code, x.split(7))
    mean, v = (part[:, 0].double() for part in code(x))
    known = (mean.var(correction=0) + v.exp().mean()).sqrt()
    assert shift[0].item() == pytest.approx(mean.mean().item(), rel=1e-12)
    assert scale[0].item() == pytest.approx(known.item(), rel=1e-9)
    many = x.repeat(400, 1, 1, 1)
    drawn = space(x).encode(many, torch.randn(len(many), 2, 4, 4, generator=torch.Generator().manual_seed(0)))
    assert drawn[:, 0].std().item() == pytest.approx(1, abs=0.01)


def test_decoding_undoes_encoding_in_batches_of_any_size() -> None:
    x = pictures(13)
    latents = space(x).encode(x)
    assert latents.shape == (13, 2, 4, 4)
    torch.testing.assert_close(space(x).decode(latents), x, rtol=0, atol=1e-4)
    torch.testing.assert_close(latents[6:8], space(x).encode(x[6:8]), rtol=0, atol=0)


def test_noise_belongs_to_its_picture() -> None:
    x = pictures(12)
    noise = torch.randn(12, 2, 4, 4, generator=torch.Generator().manual_seed(0))
    whole = space(x).encode(x, noise)
    assert torch.equal(whole[7:9], space(x).encode(x[7:9], noise[7:9]))
    assert not torch.allclose(whole, space(x).encode(x))


def test_a_channel_that_never_changes_stays_finite() -> None:
    constant = standard(lambda x: (x * 0 + 3, x * 0 - 200), [pictures()])
    assert constant.scale.isfinite().all()
    assert (constant.scale > 0).all()


def test_no_pictures_make_no_space() -> None:
    with pytest.raises(InputError, match="at least one batch"):
        standard(code, [])
