"""The evaluator of the course is read from its names and shapes, and what is another network is refused."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from genloom.errors import CheckpointError
from genloom.nn.resnet import ResNet, ResNetShape
from genloom.recipes import from_yaml, rules, to_yaml
from genloom.recipes.evaluator import Network
from genloom.recipes.interop import course_evaluator
from genloom.recipes.interop.imported import Asked
from genloom.recipes.interop.read import load


def checkpoint(width: int = 8, blocks: tuple[int, ...] = (2, 2, 2, 2)) -> dict[str, Tensor]:
    """As `torch.save` of resnet18 with fc = Sequential(Linear, Sigmoid) leaves it."""
    torch.manual_seed(0)
    state = ResNet(ResNetShape(width=width, blocks=blocks)).state_dict()
    return {name.replace("fc.", "fc.0."): tensor for name, tensor in state.items()}


@pytest.mark.parametrize(("width", "blocks"), [(8, (2, 2, 2, 2)), (4, (3, 4, 6, 3)), (4, (1,))])
def test_sizes_are_read_off_the_weights_which_stay_bit_for_bit(width: int, blocks: tuple[int, ...]) -> None:
    weights = checkpoint(width, blocks)
    found = course_evaluator.read("it", weights)
    assert found.recipe.network == Network(width=width, blocks=blocks, pool=True)
    network = ResNet(ResNetShape(width=width, blocks=blocks))
    network.load_state_dict(found.state)
    for name, tensor in weights.items():
        assert torch.equal(network.state_dict()[name.replace("fc.0.", "fc.")], tensor)
    rules.validate(found.recipe)
    assert from_yaml(to_yaml(found.recipe)) == found.recipe


def test_weights_of_other_precisions_become_ours() -> None:
    weights = {name: tensor.double() if tensor.is_floating_point() else tensor for name, tensor in checkpoint().items()}
    found = course_evaluator.read("it", weights)
    assert found.state["conv1.weight"].dtype == torch.float32
    assert found.state["bn1.num_batches_tracked"].dtype == torch.int64


@pytest.mark.parametrize(("change", "message"), [
    ({"conv1.weight": None}, "no first convolution"),
    ({"fc.0.weight": None}, "lacks layer1.0.conv1.weight or fc.0.weight"),
    ({"layer1.0.conv1.weight": None}, "lacks layer1.0.conv1.weight"),
    ({"layer3.0.bn1.weight": None}, "lacks layer3.0.bn1.weight"),
    ({"layer3.0.bn3.weight": torch.zeros(1)}, "layer3.0.bn3.weight beyond it"),
    ({"layer3.0.conv1.weight": torch.zeros(1, 1, 1, 1)}, r"is \(1, 1, 1, 1\) where"),
    ({"layer999999999.0.conv1.weight": torch.zeros(1)}, "it has the stages"),
    ({"conv1.weight": torch.zeros(8, 7, 7, 7)}, "8 channels for 7 of a picture"),
    ({"conv1.weight": torch.zeros(1 << 13, 3, 0, 0)}, "8192 channels"),
    ({"fc.0.weight": torch.zeros(0, 64)}, "0 labels"),
    ({"fc.0.weight": torch.zeros(3)}, "no last layer"),
])
def test_what_is_another_network_is_refused(change: dict[str, Tensor | None], message: str) -> None:
    weights = {name: tensor for name, tensor in (checkpoint() | change).items() if tensor is not None}
    with pytest.raises(CheckpointError, match=message):
        course_evaluator.read("it", weights)


def test_import_says_that_an_evaluator_needs_none(tmp_path: Path) -> None:
    torch.save({"model": checkpoint()}, tmp_path / "checkpoint.pth")  # noqa: TID251 # as the course saves it
    with pytest.raises(CheckpointError, match="pass this file itself where an evaluator is asked for"):
        load(str(tmp_path / "checkpoint.pth"), Asked())
