"""Residual pairs: sizes and parameters of the source, every way of being told a label, bounded weights."""

from typing import Any, TypeVar

import pytest
import torch
from safetensors.torch import load, save
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.gan.penalties import slopes
from genloom.nn.gan.attention import Attention
from genloom.nn.gan.residual import DownBlock, ResidualDiscriminator, ResidualGenerator, UpBlock
from genloom.nn.gan.shape import GanShape

Network = TypeVar("Network", ResidualGenerator, ResidualDiscriminator)
ONE, OTHER = torch.eye(3, dtype=torch.float64)[[0, 0, 0, 0]], torch.eye(3, dtype=torch.float64)[[1, 1, 1, 1]]


def made(kind: type[Network], **sizes: Any) -> Network:
    """A small network in float64, with what starts at 0 moved away from it."""
    torch.manual_seed(0)
    network = kind(GanShape(**{"size": 16, "channels": 3, "latent": 10, "width": 4, **sizes}))
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.endswith(("gamma", "table.weight", "factor.weight")):
                nn.init.normal_(parameter)
    return network.double()


def drawn(*size: int) -> Tensor:
    return torch.randn(*size, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize("size", [4, 8, 32, 64])
def test_sizes(size: int) -> None:
    x = made(ResidualGenerator, size=size)(drawn(2, 10))
    assert x.shape == (2, 3, size, size)
    assert x.abs().max() <= 1
    verdict = made(ResidualDiscriminator, size=size)(x)
    assert verdict.logits.shape == (2,)
    assert verdict.labels is verdict.code is None


def test_parameters_by_hand() -> None:
    """32 pixels, width 4: 16, 16, 8 and 4 channels at 4, 8, 16 and 32 pixels."""
    first = (10 + 1) * 16 * 16
    ups = [2 * i + 9 * i * o + 2 * o + 9 * o * o + i * o for i, o in ((16, 16), (16, 8), (8, 4))]
    last = 2 * 4 + (9 * 4 + 1) * 3
    assert _count(made(ResidualGenerator, size=32)) == first + sum(ups) + last == 10255
    downs = [(9 * i + 1) * h + (9 * h + 1) * o + (i + 1) * o for i, h, o in ((3, 4, 4), (4, 4, 8), (8, 8, 16))]
    end = 2 * (9 * 16 + 1) * 16 + (16 + 1)
    assert _count(made(ResidualDiscriminator, size=32)) == sum(downs) + end == 7313


def test_channels_at_128_pixels_are_those_of_the_source() -> None:
    with torch.device("meta"):
        shape = GanShape(size=128, channels=3, width=64)
        ups = [m.conv_2.out_channels for m in ResidualGenerator(shape).modules() if isinstance(m, UpBlock)]
        downs = [m.conv_2.out_channels for m in ResidualDiscriminator(shape).modules() if isinstance(m, DownBlock)]
    assert ups == [1024, 512, 256, 128, 64]
    assert downs == [64, 128, 256, 512, 1024, 1024]


def test_an_up_block_is_its_formula() -> None:
    torch.manual_seed(0)
    block, x = UpBlock(GanShape(), 6, 4, lambda layer: layer).double(), drawn(3, 6, 4, 4)

    def normal(h: Tensor) -> Tensor:
        variance = h.var((0, 2, 3), keepdim=True, correction=0)
        return F.relu((h - h.mean((0, 2, 3), keepdim=True)) / (variance + 1e-5).sqrt())

    twice = x.repeat_interleave(2, 2).repeat_interleave(2, 3)
    h = F.conv2d(normal(x).repeat_interleave(2, 2).repeat_interleave(2, 3), block.conv_1.weight, padding=1)
    expected = F.conv2d(twice, block.skip.weight) + F.conv2d(normal(h), block.conv_2.weight, padding=1)
    torch.testing.assert_close(block(x), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("first", "halved", "out"), [(True, True, 8), (False, True, 8), (False, False, 6)])
def test_a_down_block_is_its_formula(first: bool, halved: bool, out: int) -> None:
    torch.manual_seed(0)
    block, x = DownBlock(6, out, lambda layer: layer, first=first, halved=halved).double(), drawn(3, 6, 4, 4)
    h = block.conv_2(F.relu(block.conv_1(x if first else F.relu(x))))
    expected = h + (x if block.skip is None else block.skip(x))
    torch.testing.assert_close(block(x), F.avg_pool2d(expected, 2) if halved else expected, rtol=0, atol=1e-12)
    assert (block.skip is None) == (not halved)


@pytest.mark.parametrize("told", ["concatenate", "multiply", "norm"])
def test_the_generator_is_told_in_each_way(told: str) -> None:
    network, z = made(ResidualGenerator, labels=3, told=told).eval(), drawn(4, 10)
    assert not torch.allclose(network(z, ONE), network(z, OTHER), atol=1e-3)
    assert not torch.allclose(network(z, ONE + OTHER), network(z, OTHER), atol=1e-3)
    with pytest.raises(InputError, match="y = None: must be labels"):
        network(z)


def test_a_generator_that_is_not_told_does_not_listen() -> None:
    network, z = made(ResidualGenerator, labels=3).eval(), drawn(4, 10)
    assert torch.equal(network(z, ONE), network(z, OTHER))
    assert torch.equal(network(z, ONE), network(z))


@pytest.mark.parametrize("judging", ["planes", "projection", "projection+auxiliary"])
def test_the_discriminator_judges_by_the_label_in_each_way(judging: str) -> None:
    network, x = made(ResidualDiscriminator, labels=3, judging=judging), drawn(4, 3, 16, 16)
    assert ((network(x, ONE).logits - network(x, OTHER).logits).abs() > 1e-3).all()
    with pytest.raises(InputError, match="y = None: must be labels"):
        network(x)


def test_an_auxiliary_classifier_tells_the_label_and_is_not_told() -> None:
    network, x = made(ResidualDiscriminator, labels=3, judging="auxiliary", read=2), drawn(4, 3, 16, 16)
    one, other = network(x, ONE), network(x, OTHER)
    assert one.labels.shape == (4, 3)
    assert one.code.shape == (4, 2)
    assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("training", [True, False])
def test_no_verdict_depends_on_other_pictures(training: bool) -> None:
    network, x = made(ResidualDiscriminator, attention=(8,)).train(training), drawn(4, 3, 16, 16)
    torch.testing.assert_close(network(x[1:2]).logits, network(x).logits[1:2], rtol=0, atol=1e-12)


@pytest.mark.parametrize("sizes", [(4,), (8,), (4, 8)])
def test_attention_that_has_not_learned_changes_nothing(sizes: tuple[int, ...]) -> None:
    """γ = 0 is the identity; at another γ it is not."""
    for kind, x in ((ResidualGenerator, drawn(4, 10)), (ResidualDiscriminator, drawn(4, 3, 16, 16))):
        network: nn.Module = made(kind, attention=sizes)  # type: ignore[type-var]
        layers = [m for m in network.modules() if isinstance(m, Attention)]
        assert len(layers) == len(sizes)
        listening = _numbers(network(x))
        for layer in layers:
            nn.init.zeros_(layer.gamma)
        alone = _numbers(network(x))
        for layer in layers:
            layer.forward = lambda x, y=None: x  # type: ignore[method-assign]
        assert torch.equal(_numbers(network(x)), alone)
        assert not torch.allclose(listening, alone, atol=1e-3)


def test_attention_is_at_its_size_in_both() -> None:
    seen: list[torch.Size] = []
    for kind, x in ((ResidualGenerator, drawn(2, 10)), (ResidualDiscriminator, drawn(2, 3, 32, 32))):
        network: nn.Module = made(kind, size=32, attention=(16,))  # type: ignore[type-var]
        for layer in network.modules():
            if isinstance(layer, Attention):
                layer.register_forward_hook(lambda layer, inputs, output: seen.append(output.shape))
        network(x)
    assert [size[2:] for size in seen] == [(16, 16), (16, 16)]


@pytest.mark.parametrize(("spectral", "both"), [("discriminator", False), ("both", True)])
def test_spectral_weights_have_norm_one_and_rest_in_eval(spectral: str, both: bool) -> None:
    networks: list[tuple[nn.Module, Tensor]] = [
        (made(ResidualDiscriminator, attention=(8,), spectral=spectral), drawn(2, 3, 16, 16)),
        (made(ResidualGenerator, attention=(8,), spectral=spectral), drawn(2, 10))]
    for network, x in networks[: 1 + both]:
        for _ in range(60):
            network(x)
        network.eval()
        layers = [m for m in network.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
        norms = [torch.linalg.matrix_norm(m.weight.flatten(1), 2).item() for m in layers]
        assert norms == pytest.approx([1] * len(layers), abs=0.02)
        state = {name: value.clone() for name, value in network.state_dict().items()}
        assert torch.equal(_numbers(network(x)), _numbers(network(x)))
        assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())
    if not both:
        assert not any("parametrizations" in name for name in networks[1][0].state_dict())


@pytest.mark.parametrize("spectral", ["none", "both"])
@pytest.mark.parametrize("told", ["concatenate", "multiply", "norm"])
def test_the_gradient_reaches_each_parameter(spectral: str, told: str) -> None:
    both = {"labels": 3, "attention": (8,), "spectral": spectral}
    x = made(ResidualGenerator, told=told, **both)
    pictures = x(drawn(4, 10), ONE)
    judge = made(ResidualDiscriminator, judging="projection+auxiliary", read=2, **both)
    verdict = judge(pictures, ONE)
    sum(_square(part) for part in verdict).backward()
    for network in (x, judge):
        assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 1e-9] == []


def test_gradients_in_half_precision_are_finite() -> None:
    sizes = {"size": 32, "attention": (16,), "spectral": "both", "labels": 3}
    x, judge = (made(kind, **sizes, **ways).float() for kind, ways in  # type: ignore[type-var]
                ((ResidualGenerator, {"told": "norm"}), (ResidualDiscriminator, {"judging": "projection"})))
    with torch.autocast("cpu", torch.bfloat16):
        logits = judge(x(drawn(4, 10).float(), ONE.float()), ONE.float()).logits
    F.softplus(-logits.float()).mean().backward()
    for network in (x, judge):
        assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())
    with torch.no_grad():
        exact = judge.eval()(x(drawn(4, 10).float(), ONE.float()), ONE.float()).logits
        with torch.autocast("cpu", torch.bfloat16):
            half = judge(x(drawn(4, 10).float(), ONE.float()), ONE.float()).logits
    torch.testing.assert_close(half.float(), exact, rtol=0.1, atol=0.05)


def test_the_slope_can_be_penalised() -> None:
    """A second derivative passes through pooling, attention and spectral normalisation."""
    judge = made(ResidualDiscriminator, attention=(8,), spectral="discriminator").float()
    slopes(lambda x: judge(x).logits, drawn(4, 3, 16, 16)).mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for name, p in judge.named_parameters()
               if name.endswith("original0") or "weight" in name)


@pytest.mark.parametrize("kind", [ResidualGenerator, ResidualDiscriminator])
def test_saving_and_loading_keep_the_function(kind: Any) -> None:
    sizes = {"attention": (8,), "spectral": "both"}
    x = drawn(4, 10) if kind is ResidualGenerator else drawn(4, 3, 16, 16)
    network, other = made(kind, **sizes).eval(), kind(GanShape(size=16, channels=3, latent=10, width=4, **sizes))
    other = other.double().eval()
    assert not torch.equal(_numbers(other(x)), _numbers(network(x)))
    other.load_state_dict(load(save({k: v.contiguous() for k, v in network.state_dict().items()})))
    assert torch.equal(_numbers(other(x)), _numbers(network(x)))


@pytest.mark.parametrize("kind", [ResidualGenerator, ResidualDiscriminator])
@pytest.mark.parametrize(("wrong", "message"), [
    ({"size": 28}, r"data.size = 28: must be 4, 8, 16, 32"),
    ({"size": 32, "attention": (32,)}, r"network.attention = \(32,\): must be among 4, 8, 16 pixels"),
    ({"size": 32, "attention": (12,)}, r"network.attention = \(12,\)"),
    ({"size": 4, "attention": (4,)}, r"network.attention = \(4,\): must be left out"),
])
def test_shapes_that_cannot_be_are_refused(kind: Any, wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        kind(GanShape(**wrong))


def _numbers(output: Any) -> Tensor:
    return output if isinstance(output, Tensor) else output.logits


def _square(output: Tensor) -> Tensor:
    return (output * drawn(*output.shape)).square().sum()


def _count(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())
