"""What every pair must do; a new one joins by its name in `PAIRS`."""

import subprocess
import sys
from typing import Any

import pytest
import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from genloom.errors import InputError, UnknownName
from genloom.nn.gan.pairs import PAIRS, pair
from genloom.nn.gan.shape import GanShape
from genloom.nn.gan.verdict import Verdict

KINDS = tuple(PAIRS)
WITHOUT_NORMS = {"mlp", "tables", "progressive"}  # in the generator
UNBOUNDED = {"progressive"}  # which spectral normalisation has no place in
WIDE = {"dcgan": 8, "residual": 8, "progressive": 8}  # the other pairs have widths of their own
NEIGHBOURS = {"progressive"}  # verdicts of these depend on other pictures, by their paper's design
ONES, OTHERS = torch.eye(3)[[0, 1, 2, 0]], torch.eye(3)[[1, 2, 1, 1]]

every_pair = pytest.mark.parametrize("kind", KINDS)


def shape(kind: str, **options: Any) -> GanShape:
    return GanShape(**{"size": 16, "channels": 1, "latent": 6, "width": WIDE.get(kind, 64), **options})


def made(kind: str, seed: int = 0, **options: Any) -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(seed)
    return pair(kind, shape(kind, **options))


def awake(network: nn.Module) -> nn.Module:
    """The network with what starts at 0, and biases and norms too, moved away from it."""
    for parameter in network.parameters():
        if parameter.ndim < 2 or not parameter.any():
            nn.init.normal_(parameter, mean=0.1, std=0.5)
    return network


def noise(*sizes: int) -> Tensor:
    return torch.randn(*sizes, generator=torch.Generator().manual_seed(1))


def judged(network: nn.Module, y: Tensor | None = None) -> Verdict:
    verdict: Verdict = network(noise(4, 1, 16, 16).tanh(), y)
    return verdict


def test_names_cost_no_torch() -> None:
    code = "import sys; from genloom.nn.gan import PAIRS; assert len(PAIRS) == 6 and 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_name_that_is_not_there_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"network\.kind = 'dcgam'.*did you mean 'dcgan'"):
        pair("dcgam", GanShape())


@every_pair
@pytest.mark.parametrize("channels", [1, 3])
def test_noise_becomes_pictures_and_pictures_a_verdict(kind: str, channels: int) -> None:
    generator, discriminator = made(kind, channels=channels)
    x = generator(noise(4, 6))
    assert x.shape == (4, channels, 16, 16)
    verdict = discriminator(x)
    assert isinstance(verdict, Verdict)
    assert verdict.logits.shape == (4,)
    assert verdict.labels is verdict.code is None
    assert type(generator).__name__ in repr(generator)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not PAIRS[kind].grows])
def test_pictures_keep_to_their_range(kind: str) -> None:
    generator, _ = made(kind)
    with torch.no_grad():
        for parameter in awake(generator).parameters():
            parameter.mul_(30 if parameter.ndim > 1 else 1)
        x = generator(noise(32, 6))
    low = 0 if PAIRS[kind].unit else -1
    assert low <= x.min() < low + 0.1
    assert 0.9 < x.max() <= 1


@every_pair
def test_weights_are_functions_of_torchs_seed(kind: str) -> None:
    for first, again, other in zip(made(kind, 1), made(kind, 1), made(kind, 2), strict=True):
        assert all(torch.equal(p, q) for p, q in zip(first.parameters(), again.parameters(), strict=True))
        drawn = [(p, q) for p, q in zip(first.parameters(), other.parameters(), strict=True) if p.ndim > 1 and p.any()]
        assert drawn
        assert not any(torch.equal(p, q) for p, q in drawn)


@every_pair
@pytest.mark.parametrize("told", ["none", "concatenate", "multiply", "norm"])
@pytest.mark.parametrize("spectral", ["none", "both"])
def test_the_gradient_reaches_each_weight_of_the_generator(kind: str, told: Any, spectral: Any) -> None:
    if (told == "norm" and kind in WITHOUT_NORMS) or (spectral == "both" and kind in UNBOUNDED):
        with pytest.raises(InputError, match=r"network\.(told|spectral) = "):
            made(kind, labels=3, told=told, spectral=spectral)
        return
    generator = awake(made(kind, labels=3, told=told, spectral=spectral)[0])
    (generator(noise(4, 6), ONES) * noise(4, 1, 16, 16)).sum().backward()
    silent = [name for name, p in generator.named_parameters() if p.grad is None or not p.grad.any()]
    assert silent == [name for name in silent if kind == "progressive" and name.startswith("to_rgb.")]


@every_pair
@pytest.mark.parametrize("judging", ["none", "planes", "projection", "auxiliary", "projection+auxiliary"])
@pytest.mark.parametrize("spectral", ["none", "discriminator"])
def test_the_gradient_reaches_each_weight_of_the_discriminator(kind: str, judging: Any, spectral: Any) -> None:
    if spectral != "none" and kind in UNBOUNDED:
        with pytest.raises(InputError, match=r"network\.spectral = "):
            made(kind, labels=3, judging=judging, spectral=spectral)
        return
    discriminator = awake(made(kind, labels=3, judging=judging, read=2, spectral=spectral)[1])
    verdict = judged(discriminator, ONES)
    sum(part.square().sum() for part in verdict if part is not None).backward()
    silent = [name for name, p in discriminator.named_parameters() if p.grad is None or not p.grad.any()]
    # a grown network looks at the picture at its full size alone
    assert silent == [name for name in silent if kind == "progressive" and name.startswith("from_rgb.")]


@every_pair
@pytest.mark.parametrize("told", ["none", "concatenate", "multiply", "norm"])
def test_a_told_generator_listens_and_another_does_not(kind: str, told: Any) -> None:
    if told == "norm" and kind in WITHOUT_NORMS:
        with pytest.raises(InputError, match=r"network\.told = 'norm'"):
            made(kind, labels=3, told=told)
        return
    generator = awake(made(kind, labels=3, told=told)[0])
    with torch.no_grad():
        for_one, for_other = generator(noise(4, 6), ONES), generator(noise(4, 6), OTHERS)
        assert torch.equal(for_one, generator(noise(4, 6), ONES))
    heard = (for_one - for_other).abs().amax((1, 2, 3))
    assert (heard > 1e-3).all() if told != "none" else not heard.any()
    if told != "none":
        with pytest.raises(InputError, match="y = None"):
            generator(noise(4, 6))


@every_pair
@pytest.mark.parametrize("judging", ["none", "planes", "projection", "auxiliary"])
def test_a_told_discriminator_judges_by_the_label_and_another_does_not(kind: str, judging: Any) -> None:
    _, discriminator = made(kind, labels=3, judging=judging, read=5)
    discriminator.eval()
    with torch.no_grad():
        first, second = judged(discriminator, ONES), judged(discriminator, OTHERS)
    apart = (first.logits - second.logits).abs()
    asks = judging in ("planes", "projection")
    assert (apart > 1e-6).all() if asks else not apart.any()
    assert first.code is not None
    assert first.code.shape == (4, 5)
    assert (first.labels is not None) == (judging == "auxiliary")
    assert first.labels is None or first.labels.shape == (4, 3)
    if asks:
        with pytest.raises(InputError, match="y = None"):
            judged(discriminator)


@every_pair
def test_a_picture_does_not_depend_on_its_batch_once_training_is_over(kind: str) -> None:
    generator, _ = made(kind, labels=3, told="concatenate")
    generator.double()(noise(4, 6).double(), ONES.double())  # the running statistics of batch norms move
    generator.eval()
    z, y = noise(4, 6).double(), OTHERS.double()
    torch.testing.assert_close(generator(z[1:3], y[1:3]), generator(z, y)[1:3], rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in NEIGHBOURS])
@pytest.mark.parametrize("training", [True, False])
def test_a_verdict_does_not_depend_on_other_pictures_without_norms(kind: str, training: bool) -> None:
    _, discriminator = made(kind, labels=3, judging="planes", norm="none")
    discriminator.double().train(training)
    x, y = noise(4, 1, 16, 16).double(), ONES.double()
    torch.testing.assert_close(discriminator(x[1:3], y[1:3]).logits, discriminator(x, y).logits[1:3],
                               rtol=0, atol=1e-12)


@every_pair
def test_normed_says_whether_the_discriminator_has_batch_norms(kind: str) -> None:
    for norm in ("batch", "none"):
        _, discriminator = made(kind, norm=norm)
        normed = any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in discriminator.modules())
        assert normed == (PAIRS[kind].normed and norm == "batch")


@every_pair
def test_a_pair_that_grows_says_so(kind: str) -> None:
    for network in made(kind):
        assert hasattr(network, "growth") == PAIRS[kind].grows


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in UNBOUNDED])
def test_spectral_normalisation_rests_in_eval_and_moves_in_training(kind: str) -> None:
    generator, discriminator = made(kind, spectral="both", norm="none")
    for network, seen in ((generator, noise(4, 6)), (discriminator, noise(4, 1, 16, 16))):
        state = {name: value.clone() for name, value in network.state_dict().items()}
        network.eval()
        first, second = network(seen), network(seen)
        assert torch.equal(first[0], second[0])
        assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())
        network.train()(seen)
        assert any(not torch.equal(network.state_dict()[name], state[name]) for name in state if name.endswith("._u"))


@every_pair
def test_one_network_is_normalised_where_one_is_asked_for(kind: str) -> None:
    if kind in UNBOUNDED:
        with pytest.raises(InputError, match=r"network\.spectral"):
            made(kind, spectral="discriminator")
        return
    for spectral, expected in (("none", [False, False]), ("discriminator", [False, True]), ("both", [True, True])):
        pairs = made(kind, spectral=spectral)
        assert [any(name.endswith("._u") for name in network.state_dict()) for network in pairs] == expected


@every_pair
def test_saving_and_loading_keep_both_functions(kind: str) -> None:
    for network, other, seen in zip(made(kind, 0, channels=3), made(kind, 1, channels=3),
                                    (noise(4, 6), noise(4, 3, 16, 16)), strict=True):
        network(seen)
        network.eval(), other.eval()
        assert not torch.equal(other(seen)[0], network(seen)[0])
        other.load_state_dict(load(save(network.state_dict())))
        assert torch.equal(other(seen)[0], network(seen)[0])


@every_pair
def test_weights_lie_as_optimizers_and_collectives_read_them(kind: str) -> None:
    """A fused optimizer walks through weight, gradient and moments side by side, whatever their strides say."""
    for network, seen in zip(made(kind, channels=3), (noise(4, 6), noise(4, 3, 16, 16)), strict=True):
        network(seen)[0].square().sum().backward()
        assert all(p.is_contiguous() for p in network.parameters())
        assert all(p.grad is None or p.grad.is_contiguous() for p in network.parameters())


@every_pair
@pytest.mark.parametrize("channels", [1, 3])
def test_the_layout_of_the_pictures_changes_nothing(kind: str, channels: int) -> None:
    _, discriminator = made(kind, channels=channels)
    x = noise(4, channels, 16, 16).double()
    last = x.to(memory_format=torch.channels_last)
    torch.testing.assert_close(discriminator.double()(last).logits, discriminator(x).logits, rtol=0, atol=1e-12)


@every_pair
def test_half_precision_is_close_and_its_gradients_are_finite(kind: str) -> None:
    generator, discriminator = made(kind, norm="none")
    discriminator.eval()
    full = discriminator(noise(4, 1, 16, 16)).logits
    with torch.autocast("cpu", torch.bfloat16):
        half = discriminator(noise(4, 1, 16, 16)).logits
        played = discriminator(generator(noise(4, 6))).logits
    torch.testing.assert_close(half.float(), full, rtol=0.05, atol=0.05)
    played.float().sum().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in generator.parameters())
    assert any(p.grad is not None and p.grad.any() for p in generator.parameters())


@every_pair
def test_the_slope_at_each_picture_can_be_penalised(kind: str) -> None:
    _, discriminator = made(kind, norm="none")
    x = noise(4, 1, 16, 16).requires_grad_()
    (slope,) = torch.autograd.grad(discriminator(x).logits.sum(), x, create_graph=True)
    slope.flatten(1).square().sum().backward()
    gradients = [p.grad for p in discriminator.parameters() if p.ndim > 1]
    assert any(g is not None and g.any() for g in gradients)
    assert all(g is None or g.isfinite().all() for g in gradients)
