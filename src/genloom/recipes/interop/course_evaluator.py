"""The evaluator of the i-CLEVR course, `checkpoint.pth`: a ResNet of basic blocks that ends in a linear layer."""

import re
from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.errors import CheckpointError
from genloom.nn.resnet import ResNet, ResNetShape
from genloom.recipes.evaluator import EvaluatorRecipe, Network
from genloom.recipes.images import Data
from genloom.recipes.interop.mapping import whole
from genloom.training.options import Engine

MARK = "layer1.0.conv1.weight"
"""A tensor that every such network has."""

_HEADS = ("fc.0.", "fc.")  # of a linear layer followed by a sigmoid, and of one alone
_BLOCK = re.compile(r"layer(\d{1,9})\.\d{1,9}\.conv1\.weight", re.ASCII)
_MOST, _STAGES = 1 << 12, 8


class CourseEvaluator(NamedTuple):
    """The recipe whose network this is, and the network's state."""

    recipe: EvaluatorRecipe
    state: dict[str, Tensor]


def is_one(weights: Mapping[str, Tensor]) -> bool:
    """Whether these are the weights of such a network."""
    return MARK in weights and any(f"{head}weight" in weights for head in _HEADS)


def read(what: str, weights: Mapping[str, Tensor]) -> CourseEvaluator:
    """The network of weights with torchvision's names; its pictures are 64 × 64 in [−1, 1].

    The course's network ends in a linear layer and a sigmoid, named fc.0 and fc.1; ours gives the logits.

    Errors: `CheckpointError` for other names or shapes.
    """
    head = next((head for head in _HEADS if f"{head}weight" in weights), None)
    if head is None or MARK not in weights:
        raise CheckpointError(f"{what} is no ResNet of basic blocks: it lacks {MARK} or {_HEADS[0]}weight")
    state = {f"fc.{name.removeprefix(head)}" if name.startswith(head) else name: tensor
             for name, tensor in weights.items()}
    shape = _shape(what, state)
    data = Data(source="iclevr", size=64, channels=shape.channels, zoom=1.0, flip=False)  # type: ignore[arg-type]
    recipe = EvaluatorRecipe(name="imported", summary=f"a ResNet of width {shape.width} with weights from elsewhere",
                             data=data, network=Network(width=shape.width, blocks=shape.blocks, pool=True),
                             engine=Engine(steps=1, batch_size=64, precision="auto"))
    with torch.device("meta"):
        wanted = ResNet(shape).state_dict()
    return CourseEvaluator(recipe, whole(what, "ResNet of basic blocks", state, wanted))


def _shape(what: str, state: Mapping[str, Tensor]) -> ResNetShape:
    first, last = state.get("conv1.weight"), state["fc.weight"]
    if first is None or first.ndim != 4 or last.ndim != 2:
        raise CheckpointError(f"{what} is no ResNet of basic blocks: it has no first convolution or no last layer")
    width, channels = first.shape[:2]
    if not 0 < width <= _MOST or channels not in (1, 3) or len(last) == 0:
        raise CheckpointError(f"{what} is no evaluator of pictures: it has {width} channels for {channels} of a "
                              f"picture, and {len(last)} labels")
    found = [match for name in state if (match := _BLOCK.fullmatch(name))]
    stages = sorted({int(match[1]) for match in found})
    if stages != list(range(1, len(stages) + 1)) or len(stages) > _STAGES:
        raise CheckpointError(f"{what} is no ResNet of basic blocks: it has the stages {stages[:_STAGES]}")
    blocks = tuple(sum(int(match[1]) == each for match in found) for each in stages)
    return ResNetShape(width=width, blocks=blocks, classes=len(last), channels=channels)
