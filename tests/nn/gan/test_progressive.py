"""Networks that grow: what they show at each growth, when they grow, and that real pictures fade alike."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pytest
import torch
from safetensors.torch import load, save
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.gan.latent import Latent
from genloom.gan.method import Playing
from genloom.gan.penalties import slopes
from genloom.nn.gan.progressive import ProgressiveDiscriminator, ProgressiveGenerator, at_growth, grow, growth_at
from genloom.nn.gan.shape import GanShape
from genloom.rng import StepRng
from genloom.training import options
from genloom.training.checkpoint import Checkpoints
from genloom.training.engine import Job, fit
from genloom.training.method import Batch, Networks, Update
from genloom.training.run import RunFolder
from genloom.training.screen import Screen
from genloom.training.source import TensorSource

Network = TypeVar("Network", ProgressiveGenerator, ProgressiveDiscriminator)
ONE, OTHER = torch.eye(3, dtype=torch.float64)[[0, 0, 0, 0]], torch.eye(3, dtype=torch.float64)[[1, 1, 1, 1]]


def made(kind: type[Network], growth: float | None = None, **sizes: Any) -> Network:
    """A small network in float64, with what starts at 0 moved away from it."""
    torch.manual_seed(0)
    network = kind(GanShape(**{"size": 16, "channels": 3, "latent": 10, "width": 4, "norm": "none", **sizes}))
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.endswith(("bias", "factor.weight")):
                nn.init.normal_(parameter)
    if growth is not None:
        network.growth.fill_(growth)
    return network.double()


def drawn(*size: int) -> Tensor:
    return torch.randn(*size, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def squares(x: Tensor, pixels: int) -> Tensor:
    """The mean of each of `pixels`² squares, at x's size."""
    factor = x.shape[-1] // pixels
    return F.avg_pool2d(x, factor).repeat_interleave(factor, 2).repeat_interleave(factor, 3)


@pytest.mark.parametrize(("size", "levels"), [(4, 0), (8, 1), (32, 3), (64, 4)])
def test_sizes(size: int, levels: int) -> None:
    generator, judge = made(ProgressiveGenerator, size=size), made(ProgressiveDiscriminator, size=size)
    assert generator.levels == judge.levels == generator.growth.item() == judge.growth.item() == levels
    for share in (0, 0.4, 0.6, 1):
        grow({"generator": generator, "discriminator": judge}, share)
        x = generator(drawn(4, 10))
        assert x.shape == (4, 3, size, size)
        assert judge(x).logits.shape == (4,)


def test_parameters_by_hand() -> None:
    """16 pixels, width 4: 16, 8 and 4 channels at 4, 8 and 16 pixels."""
    first = (10 + 1) * 16 * 16 + (9 * 16 + 1) * 16
    larger = [(9 * i + 1) * o + (9 * o + 1) * o for i, o in ((16, 8), (8, 4))]
    to_rgb = [(width + 1) * 3 for width in (16, 8, 4)]
    assert _count(made(ProgressiveGenerator)) == first + sum(larger) + sum(to_rgb) == 7413
    from_rgb = [(3 + 1) * width for width in (16, 8, 4)]
    smaller = [(9 * i + 1) * i + (9 * i + 1) * o for i, o in ((4, 8), (8, 16))]
    last = (9 * 17 + 1) * 16 + (16 * 16 + 1) * 16 + (16 + 1)
    assert _count(made(ProgressiveDiscriminator)) == sum(from_rgb) + sum(smaller) + last == 8901


def test_channels_stop_growing_at_eight_times_the_width() -> None:
    with torch.device("meta"):
        network = ProgressiveGenerator(GanShape(size=256, channels=3, width=16))
    widths = [layer.in_channels for layer in network.to_rgb if isinstance(layer, nn.Conv2d)]
    assert widths == [128, 128, 128, 128, 64, 32, 16]


def test_the_scale_of_each_layer() -> None:
    """√(2/fan-in) before a LeakyReLU and √(1/fan-in) before none; e(y) as large as w, whatever the number of labels."""
    judging = {"labels": 3, "judging": "projection+auxiliary", "read": 2}
    for network in (made(ProgressiveGenerator), made(ProgressiveDiscriminator, **judging)):
        for name, layer in network.named_modules():
            if not isinstance(layer, nn.Linear | nn.Conv2d):
                continue
            fan_in, gain = layer.weight[0].numel(), 1 if name.startswith(("to_rgb", "head")) else 2
            expected = 1 / 16 if name == "head.embedding" else gain / fan_in
            trained = layer.parametrizations.weight.original  # type: ignore[union-attr, operator]
            torch.testing.assert_close(layer.weight / trained, torch.full_like(trained, expected**0.5))


@pytest.mark.parametrize(("growth", "pixels"), [(0, 4), (0.5, 8), (1, 8), (1.01, 16), (2, 16)])
def test_pictures_are_squares_of_the_current_pixels(growth: float, pixels: int) -> None:
    """Bit for bit one colour in each; and in no larger squares."""
    x = made(ProgressiveGenerator, growth)(drawn(4, 10))
    blocks = x.unflatten(2, (pixels, -1)).unflatten(4, (pixels, -1))
    assert torch.equal(blocks, blocks[:, :, :, :1, :, :1].expand_as(blocks))
    if pixels > 4:
        assert not torch.allclose(squares(x, pixels // 2), x, atol=1e-3)


def test_the_fade_is_linear_in_colours() -> None:
    network, z = made(ProgressiveGenerator), drawn(4, 10)
    at = {}
    for growth in (1.0, 1.25, 1.75, 2.0):
        network.growth.fill_(growth)
        at[growth] = network(z)
    torch.testing.assert_close(at[1.25], 0.75 * at[1.0] + 0.25 * at[2.0], rtol=0, atol=1e-13)
    torch.testing.assert_close(at[1.75], 0.25 * at[1.0] + 0.75 * at[2.0], rtol=0, atol=1e-13)


@pytest.mark.parametrize("whole", [1, 2])
def test_verdicts_are_continuous_where_a_level_begins_and_ends(whole: int) -> None:
    network, x = made(ProgressiveDiscriminator), drawn(4, 3, 16, 16)
    logits = []
    for growth in (whole - 1, whole - 1 + 1e-6, whole - 1e-6, whole):
        network.growth.fill_(growth)
        logits.append(network(x).logits)
    torch.testing.assert_close(logits[0], logits[1], rtol=0, atol=1e-4)
    torch.testing.assert_close(logits[2], logits[3], rtol=0, atol=1e-4)
    assert (logits[1] - logits[2]).abs().max() > 1e-2


@pytest.mark.parametrize("growth", [0, 1, 2])
def test_the_discriminator_sees_the_current_pixels_alone(growth: float) -> None:
    """So a picture and what `at_growth` leaves of it are one to it; detail it will see later is none yet."""
    network, x = made(ProgressiveDiscriminator, growth), drawn(4, 3, 16, 16)
    torch.testing.assert_close(network(at_growth(x, growth)).logits, network(x).logits, rtol=0, atol=1e-12)
    detail = drawn(4, 3, 16, 16) - squares(drawn(4, 3, 16, 16), 4 * 2**growth)
    torch.testing.assert_close(network(x + detail).logits, network(x).logits, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("growth", "pixels"), [(0, 4), (1, 8), (2, 16)])
def test_real_pictures_are_pooled_at_whole_numbers(growth: float, pixels: int) -> None:
    x = drawn(2, 3, 16, 16)
    torch.testing.assert_close(at_growth(x, growth), squares(x, pixels), rtol=0, atol=1e-15)


def test_real_pictures_fade_and_end_as_themselves() -> None:
    x = drawn(2, 3, 16, 16)
    torch.testing.assert_close(at_growth(x, 0.25), 0.75 * squares(x, 4) + 0.25 * squares(x, 8), rtol=0, atol=1e-14)
    assert torch.equal(at_growth(x, 2), x)
    torch.testing.assert_close(at_growth(x, 1.4).mean((2, 3)), x.mean((2, 3)))  # no growth moves the mean colour
    once = at_growth(x, 1)
    torch.testing.assert_close(at_growth(once, 1), once, rtol=0, atol=1e-15)


@pytest.mark.parametrize(("levels", "share", "growth"), [
    (0, 0, 0), (0, 1, 0),
    (1, 0.25, 0), (1, 0.5, 0), (1, 0.625, 0.5), (1, 0.75, 1), (1, 1, 1),
    (3, 0, 0), (3, 0.25, 0), (3, 0.3125, 0.5), (3, 0.375, 1), (3, 0.5, 1), (3, 0.5625, 1.5), (3, 0.625, 2),
    (3, 0.75, 2), (3, 0.875, 3), (3, 1, 3),
])
def test_the_schedule_at_its_corners(levels: int, share: float, growth: float) -> None:
    assert growth_at(share, levels) == growth


def test_the_schedule_never_jumps_or_goes_back() -> None:
    path = [growth_at(step / 1000, 4) for step in range(1001)]
    steps = [after - before for before, after in pairwise(path)]
    assert min(steps) >= 0
    assert max(steps) == pytest.approx(2 * 5 / 1000)
    still = sum(growth in (0, 1, 2, 3, 4) for growth in path) / len(path)
    assert still == pytest.approx((1 + 4 / 2) / 5, abs=0.01)


def test_both_networks_grow_together_in_place() -> None:
    networks = {"generator": made(ProgressiveGenerator), "discriminator": made(ProgressiveDiscriminator)}
    buffers = [network.growth for network in networks.values()]
    grow(networks, 0.5)  # the middle of the second of three parts
    assert [network.growth.item() for network in networks.values()] == [1, 1]
    assert [network.growth is buffer for network, buffer in zip(networks.values(), buffers, strict=True)] == [True] * 2


@pytest.mark.parametrize("told", ["concatenate", "multiply"])
def test_the_generator_is_told_in_each_way(told: str) -> None:
    network, z = made(ProgressiveGenerator, labels=3, told=told), drawn(4, 10)
    for growth in (0, 2):
        network.growth.fill_(growth)
        assert not torch.allclose(network(z, ONE), network(z, OTHER), atol=1e-3)
    with pytest.raises(InputError, match="y = None: must be labels"):
        network(z)


@pytest.mark.parametrize("judging", ["planes", "projection", "projection+auxiliary"])
def test_the_discriminator_judges_by_the_label_in_each_way(judging: str) -> None:
    network, x = made(ProgressiveDiscriminator, labels=3, judging=judging), drawn(4, 3, 16, 16)
    for growth in (0, 2):
        network.growth.fill_(growth)
        assert ((network(x, ONE).logits - network(x, OTHER).logits).abs() > 1e-3).all()
    with pytest.raises(InputError, match="y = None: must be labels"):
        network(x)


def test_labels_and_codes_are_read() -> None:
    verdict = made(ProgressiveDiscriminator, labels=3, judging="auxiliary", read=2)(drawn(4, 3, 16, 16))
    assert verdict.labels is not None
    assert verdict.code is not None
    assert (verdict.labels.shape, verdict.code.shape) == ((4, 3), (4, 2))


def test_the_length_of_the_noise_is_not_seen() -> None:
    network, z = made(ProgressiveGenerator), drawn(4, 10)
    torch.testing.assert_close(network(3 * z), network(z), rtol=0, atol=1e-5)


def test_a_collapsed_generator_looks_different() -> None:
    """Four times one picture is not judged as that picture among others."""
    network, x = made(ProgressiveDiscriminator), drawn(4, 3, 16, 16)
    assert (network(x[:1].expand(4, -1, -1, -1)).logits - network(x).logits[0]).abs().min() > 1e-3


@pytest.mark.parametrize(("growth", "at_work"), [(0, {0}), (0.5, {0, 1}), (1, {1}), (1.5, {1, 2}), (2, {2})])
def test_the_gradient_reaches_what_is_at_work_and_nothing_else(growth: float, at_work: set[int]) -> None:
    """Levels that are not there yet have no gradient at all, so that no optimizer counts steps of theirs."""
    generator = made(ProgressiveGenerator, growth, labels=3, told="concatenate")
    judge = made(ProgressiveDiscriminator, growth, labels=3, judging="projection")
    judge(generator(drawn(4, 10), ONE), ONE).logits.square().sum().backward()
    for network in (generator, judge):
        reached = {name for name, p in network.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0}
        idle = {name for name, p in network.named_parameters() if p.grad is None}
        assert reached | idle == {name for name, _ in network.named_parameters()}
        for name in reached | idle:
            kind, _, rest = name.partition(".")
            level = int(rest.partition(".")[0]) if rest[:1].isdigit() else 0
            there = level in at_work if kind in ("to_rgb", "from_rgb") else kind != "blocks" or level < max(at_work)
            assert (name in reached) == there, name


@pytest.mark.parametrize("growth", [0, 1.5, 2])
def test_gradients_in_half_precision_are_finite(growth: float) -> None:
    generator, judge = made(ProgressiveGenerator, growth).float(), made(ProgressiveDiscriminator, growth).float()
    z = drawn(4, 10).float()
    with torch.autocast("cpu", torch.bfloat16):
        logits = judge(generator(z)).logits
    F.softplus(-logits.float()).mean().backward()
    for network in (generator, judge):
        assert all(p.grad.isfinite().all() for p in network.parameters() if p.grad is not None)
    torch.testing.assert_close(logits.float(), judge(generator(z)).logits, rtol=0.1, atol=0.1)


@pytest.mark.parametrize("growth", [0, 1.5, 2])
def test_the_slope_can_be_penalised(growth: float) -> None:
    judge = made(ProgressiveDiscriminator, growth).float()
    slopes(lambda x: judge(x).logits, drawn(4, 3, 16, 16)).mean().backward()
    held = [p.grad for p in judge.parameters() if p.grad is not None]
    assert len(held) > 5
    assert all(gradient.isfinite().all() for gradient in held)


@pytest.mark.parametrize("kind", [ProgressiveGenerator, ProgressiveDiscriminator])
def test_the_growth_is_saved_with_the_weights(kind: Any) -> None:
    x = drawn(4, 10) if kind is ProgressiveGenerator else drawn(4, 3, 16, 16)
    network, other = made(kind, 0.75), kind(GanShape(size=16, channels=3, latent=10, width=4)).double()
    assert other.growth.item() == 2
    other.load_state_dict(load(save({k: v.contiguous() for k, v in network.state_dict().items()})))
    assert other.growth.item() == 0.75
    assert torch.equal(_numbers(other(x)), _numbers(network(x)))


@pytest.mark.parametrize("kind", [ProgressiveGenerator, ProgressiveDiscriminator])
@pytest.mark.parametrize(("wrong", "message"), [
    ({"size": 28}, "data.size = 28: must be 4, 8, 16, 32"),
    ({"size": 16, "attention": (8,)}, r"network.attention = \(8,\): must be \(\) for the pair 'progressive'"),
    ({"size": 16, "spectral": "both"}, "network.spectral = 'both': must be 'none'"),
    ({"size": 16, "labels": 3, "told": "norm"}, "network.told = 'norm': must be none, concatenate or multiply"),
])
def test_shapes_that_cannot_be_are_refused(kind: Any, wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        kind(GanShape(**wrong))


def test_shares_and_growths_that_cannot_be_are_refused() -> None:
    for share in (-0.1, 1.1, float("nan")):
        with pytest.raises(InputError, match="share = "):
            growth_at(share, 2)
    for growth in (-1, 2.5, float("nan")):
        with pytest.raises(InputError, match=r"growth = .*: must be in \[0, 2\]"):
            at_growth(drawn(1, 3, 16, 16), growth)
    with pytest.raises(InputError, match=r"data\.size = 12"):
        at_growth(drawn(1, 3, 12, 12), 0)


class _Growing(NamedTuple):
    """Networks that grow over twelve steps."""

    method: Playing

    def updates(self, networks: Networks, batch: Batch, rng: StepRng) -> Iterator[Update]:
        grow(networks, rng.step / 12)
        yield from self.method.updates(networks, batch, rng)


def test_a_run_that_grows_goes_on_exactly_where_it_was_left(tmp_path: Path) -> None:
    """From step 3 of 12 on, before the second level exists: weights, averages and the growth, bit for bit."""
    def job() -> Job:
        networks: dict[str, nn.Module] = {"generator": made(ProgressiveGenerator).float(),
                                          "discriminator": made(ProgressiveDiscriminator).float()}
        method = _Growing(Playing(latent=Latent(size=10)))
        engine = options.Engine(steps=12, batch_size=8, save_every=3, keep=9, ema=0.9, tensorboard=False)
        return Job(method, networks, dict.fromkeys(networks, options.Optimizer(lr=1e-3, beta1=0.0)),
                   TensorSource({"x": drawn(16, 3, 16, 16).float()}), engine)

    run, whole = RunFolder.create(tmp_path / "run", "name: test\n", ["test"], {}), job()
    fit(whole, run, screen=Screen("quiet"))
    assert whole.networks["generator"].growth.item() == 2
    states = [Checkpoints(run.checkpoints).load(12).tensors]
    for step, growth in ((3, 0), (6, 0.5), (9, 1), (12, 2)):
        saved = Checkpoints(run.checkpoints).load(step).tensors
        held = [saved[group][f"{name}/growth"].item() for group in ("networks", "ema") for name in whole.networks]
        assert held == [growth] * 4
    fit(job(), run, resume=True, checkpoint=3, screen=Screen("quiet"))
    states.append(Checkpoints(run.checkpoints).load(12).tensors)
    assert [list(state) for state in states] == [["ema", "networks", "optimizers"]] * 2
    assert all(torch.equal(tensor, states[1][group][key]) for group, held in states[0].items()
               for key, tensor in held.items())


def _numbers(output: Any) -> Tensor:
    return output if isinstance(output, Tensor) else output.logits


def _count(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())
