"""Residual networks of basic blocks, ResNet-18 by default, whose state has torchvision's names."""

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.nn.layout import for_convolutions


@dataclass(frozen=True, kw_only=True)
class ResNetShape:
    """Sizes of a `ResNet`.

    width      channels of the first stage; each later stage has twice those of the one before
    blocks     basic blocks of each stage: (2, 2, 2, 2) is ResNet-18, (3, 4, 6, 3) ResNet-34
    classes    number of logits
    channels   of the pictures
    pool       the stem ends in a maximum that halves the size, as published; without it four times as many places are
               seen by every stage, which small pictures of small things need
    """

    width: int = 64
    blocks: tuple[int, ...] = (2, 2, 2, 2)
    classes: int = 24
    channels: int = 3
    pool: bool = True

    def __post_init__(self) -> None:
        if self.width < 1:
            raise InputError("network.width", self.width, "at least 1", "pass --network.width 32")
        if not self.blocks or min(self.blocks) < 1:
            raise InputError("network.blocks", self.blocks, "at least one number, each at least 1",
                             "pass --network.blocks 2 2 2 2")
        if self.classes < 1:
            raise InputError("network.classes", self.classes, "at least 1", "give the pictures labels")

    @property
    def features(self) -> int:
        """Number of features D of a picture."""
        return self.width << (len(self.blocks) - 1)


class BasicBlock(nn.Module):
    """Two 3 × 3 convolutions beside a shortcut: (B, C, H, W) → (B, C', H/s, W/s).

        out = ReLU(norm(conv(ReLU(norm(conv_s(x))))) + shortcut(x))

    The shortcut is the identity, or a 1 × 1 convolution with a norm where channels or size change.
    [He et al. 2016, Fig. 2 and option B]

    stride   s, of the first convolution
    """

    def __init__(self, channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out_channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        changes = stride != 1 or channels != out_channels
        self.downsample = nn.Sequential(nn.Conv2d(channels, out_channels, 1, stride, bias=False),
                                        nn.BatchNorm2d(out_channels)) if changes else None

    def forward(self, x: Tensor) -> Tensor:
        """The block's output; H and W are rounded up where s does not divide them."""
        h = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(h)) + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """(B, C, H, W) → logits (B, classes): a stem that quarters the size, stages that halve it, a mean, a linear layer.

    A 7 × 7 convolution of stride 2 and, where the shape says so, a 3 × 3 maximum of stride 2; then `layer1`, `layer2`,
    … of blocks; pictures of 64 × 64 end as 2 × 2, or without the maximum as 4 × 4. Batches are normalised in training;
    in evaluation no picture depends on its batch.
    [He et al. 2016, Table 1; weights start as in He et al. 2015, Eq. 10 over the outputs]
    """

    def __init__(self, shape: ResNetShape) -> None:
        super().__init__()
        self.shape = shape
        self.conv1 = nn.Conv2d(shape.channels, shape.width, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(shape.width)
        channels = shape.width
        for i, count in enumerate(shape.blocks):
            width = shape.width << i
            first, rest = BasicBlock(channels, width, stride=2 if i else 1), range(count - 1)
            self.add_module(f"layer{i + 1}", nn.Sequential(first, *(BasicBlock(width, width) for _ in rest)))
            channels = width
        self.fc = nn.Linear(shape.features, shape.classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor, time: None = None) -> Tensor:
        """The logits, without a sigmoid or softmax; no time, as its pictures are clean."""
        logits: Tensor = self.fc(self.features(x))
        return logits

    def features(self, x: Tensor) -> Tensor:
        """The features (B, D) that the linear layer sees, D = width · 2^(stages − 1), none below 0."""
        h = F.relu(self.bn1(self.conv1(for_convolutions(x))))
        h = F.max_pool2d(h, 3, 2, padding=1) if self.shape.pool else h
        for i in range(len(self.shape.blocks)):
            h = self.get_submodule(f"layer{i + 1}")(h)
        return h.mean(dim=(2, 3))
