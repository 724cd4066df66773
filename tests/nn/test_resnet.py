"""ResNet-18 is torchvision's, name by name and number by number; it judges each picture alone, and learns."""

import math

import pytest
import torch
from safetensors.torch import load, save
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.nn.resnet import BasicBlock, ResNet, ResNetShape

SMALL = ResNetShape(width=4, blocks=(1, 1), classes=3)


def filled(network: nn.Module) -> nn.Module:
    """Every tensor of the state set to sines of its own, float64."""
    network.double()
    with torch.no_grad():
        for i, (name, tensor) in enumerate(sorted(network.state_dict().items())):
            if not tensor.is_floating_point():
                continue
            wave = torch.sin(0.37 * torch.arange(tensor.numel(), dtype=torch.float64) + i)
            if name.endswith("running_var"):
                wave = 1 + 0.5 * wave
            elif tensor.ndim > 1:
                wave = wave * math.sqrt(2 * tensor.shape[0] / tensor.numel())
            else:
                wave = 1 + 0.2 * wave if name.endswith("weight") else 0.1 * wave
            tensor.copy_(wave.view(tensor.shape))
    return network


def pictures(count: int = 2) -> Tensor:
    return torch.sin(0.013 * torch.arange(count * 3 * 64 * 64, dtype=torch.float64)).view(count, 3, 64, 64)


@pytest.mark.parametrize(("training", "expected"), [
    (False, [[-1.873529373015, -0.314312268738, 2.993718507214], [-1.893651075264, -0.328169671573, 3.017401424520]]),
    (True, [[1.486585076498, 1.647026676297, -1.252150968221], [1.484999912807, 1.670934561107, -1.229654286011]]),
])
def test_its_logits_are_torchvisions(training: bool, expected: list[list[float]]) -> None:
    """Logits 0, 7 and 23 of two pictures, computed by resnet18(num_classes=24) of torchvision 0.16.2."""
    network = filled(ResNet(ResNetShape())).train(training)
    with torch.no_grad():
        found = network(pictures())[:, [0, 7, 23]]
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64), rtol=0, atol=1e-6)


@pytest.mark.parametrize(("shape", "expected"), [
    (ResNetShape(), 11_188_824),  # 11,689,512 with 1000 classes
    (ResNetShape(classes=1000), 11_689_512),
    (ResNetShape(blocks=(3, 4, 6, 3), classes=1000), 21_797_672),
    (ResNetShape(width=32), 2_805_048),
])
def test_parameters_are_as_published(shape: ResNetShape, expected: int) -> None:
    with torch.device("meta"):
        assert sum(p.numel() for p in ResNet(shape).parameters()) == expected


def test_its_state_has_torchvisions_names_in_their_order() -> None:
    with torch.device("meta"):
        names = list(ResNet(ResNetShape()).state_dict())
    norm = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    expected = ["conv1.weight", *(f"bn1.{each}" for each in norm)]
    for stage in (1, 2, 3, 4):
        for block in (0, 1):
            place = f"layer{stage}.{block}"
            for k in (1, 2):
                expected += [f"{place}.conv{k}.weight", *(f"{place}.bn{k}.{each}" for each in norm)]
            if stage > 1 and block == 0:
                expected += [f"{place}.downsample.0.weight", *(f"{place}.downsample.1.{each}" for each in norm)]
    assert names == [*expected, "fc.weight", "fc.bias"]
    assert len(names) == 122


def test_a_block_by_hand() -> None:
    """A shortcut and two convolutions that are the identity: ReLU(ReLU(x) + x), as norms start as the identity."""
    block = BasicBlock(2, 2).double().eval()
    assert block.downsample is None
    for conv in (block.conv1, block.conv2):
        nn.init.dirac_(conv.weight)
    x = torch.randn(3, 2, 5, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    scale = 1 / math.sqrt(1 + block.bn1.eps)
    torch.testing.assert_close(block(x), F.relu(scale * F.relu(scale * x) + x), rtol=0, atol=1e-12)
    assert BasicBlock(2, 4, stride=2)(x[:, :, :4].float()).shape == (3, 4, 2, 3)


@pytest.mark.parametrize("pool", [True, False])
def test_the_stem_quarters_or_halves_and_each_stage_but_the_first_halves(pool: bool) -> None:
    network, sizes = ResNet(ResNetShape(width=4, pool=pool)), []
    for i in range(1, 5):
        network.get_submodule(f"layer{i}").register_forward_hook(lambda *call: sizes.append(tuple(call[2].shape[1:])))
    network(torch.zeros(2, 3, 64, 64))
    first = 16 if pool else 32
    assert sizes == [(4 << i, first >> i, first >> i) for i in range(4)]
    assert list(network.state_dict()) == list(ResNet(ResNetShape(width=4)).state_dict())


def test_in_evaluation_a_picture_does_not_depend_on_the_others_nor_change_the_network() -> None:
    network, x = filled(ResNet(SMALL)).eval(), pictures(4)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    torch.testing.assert_close(network(x)[1:2], network(x[1:2]), rtol=0, atol=1e-12)
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_logits_are_the_head_of_the_features_which_are_never_negative() -> None:
    network, x = filled(ResNet(SMALL)).eval(), pictures(3)
    assert isinstance(network, ResNet)
    features = network.features(x)
    assert features.shape == (3, 8) == (3, SMALL.features)
    assert features.min() >= 0
    assert torch.equal(network(x), network.fc(features))


def test_the_gradient_reaches_each_parameter_and_the_picture() -> None:
    network, x = filled(ResNet(SMALL)), pictures(3).requires_grad_()
    network(x).square().sum().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []
    assert x.grad is not None
    assert (x.grad.abs().sum(dim=(1, 2, 3)) > 0).all()


def test_saving_and_loading_keep_the_function() -> None:
    network, x = filled(ResNet(SMALL)).eval(), pictures()
    other = ResNet(SMALL).double().eval()
    other.load_state_dict(load(save(network.state_dict())))
    assert torch.equal(other(x), network(x))


def test_it_tells_two_kinds_of_pictures_apart_after_a_few_steps() -> None:
    """Stripes along rows or along columns, of random phase: 15 steps from chance to more than 95 % right."""
    random = torch.Generator().manual_seed(0)
    y, phase = torch.arange(96) % 2, 6.3 * torch.rand(96, 1, generator=random)
    wave = torch.sin(torch.arange(16) * 0.9 + phase)
    stripes = torch.where((y == 0)[:, None, None], wave[:, None, :], wave[:, :, None])[:, None].expand(-1, 3, 16, 16)
    x = stripes + 0.1 * torch.randn(96, 3, 16, 16, generator=random)
    torch.manual_seed(0)
    network = ResNet(ResNetShape(width=8, blocks=(1, 1), classes=1))
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    for _ in range(15):
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(network(x[:64])[:, 0], y[:64].float()).backward()
        optimizer.step()
    right = ((network.eval()(x[64:])[:, 0] > 0) == (y[64:] == 1)).float().mean().item()
    assert right > 0.95


@pytest.mark.parametrize(("wrong", "message"), [
    ({"width": 0}, "network.width = 0"), ({"blocks": ()}, r"network.blocks = \(\)"),
    ({"blocks": (2, 0)}, r"network.blocks = \(2, 0\)"), ({"classes": 0}, "network.classes = 0"),
])
def test_shapes_that_cannot_be_are_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        ResNetShape(**wrong)  # type: ignore[arg-type]
