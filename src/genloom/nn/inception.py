"""The Inception network of the Fréchet distance: TensorFlow's graph of 2015-12-05, with its pooling as it really is."""

from collections.abc import Iterable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError

SIZE = 299
FEATURES = 2048
CLASSES = 1008

Kernel = tuple[int, int]
Step = tuple[int, Kernel]
"""One convolution: its width and its kernel."""
Pool = Literal["average", "max", "halve"]

_FORK: Kernel = (0, 0)
"""In place of a kernel: both (1, 3) and (3, 1), side by side."""


class Inception(nn.Module):
    """Pictures of any size → 2048 features: the last mean-pooled layer of Inception-v3 as the Fréchet distance uses it.

    The layers have the names of torchvision's `inception_v3`, so that the file `pt_inception-2015-12-05-6726825d.pth`
    loads strictly. It differs from the architecture of the paper where TensorFlow's graph does: 3 × 3 average pools do
    not count the border of zeros, the last block's pool takes the maximum, and the last layer has 1008 rows.
    [Szegedy et al. 2016, Table 1; mseitzer/pytorch-fid describes the three differences]

    It is made in `eval` with frozen weights: batch normalisation must use its stored statistics. Weights begin at
    random and mean nothing until a file is loaded.
    """

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = _Convolution(3, 32, (3, 3), stride=2, same=False)
        self.Conv2d_2a_3x3 = _Convolution(32, 32, (3, 3), same=False)
        self.Conv2d_2b_3x3 = _Convolution(32, 64, (3, 3))
        self.Conv2d_3b_1x1 = _Convolution(64, 80, (1, 1))
        self.Conv2d_4a_3x3 = _Convolution(80, 192, (3, 3), same=False)
        self.mixed, width = [name for name, *_ in _mixed_blocks()], 192
        for name, chains, pool, pool_width in _mixed_blocks():
            block = _Mixed(width, chains, pool, pool_width)
            self.add_module(name, block)
            width = block.width
        self.fc = nn.Linear(FEATURES, CLASSES)
        self.eval().requires_grad_(False)

    def forward(self, pictures: Tensor) -> Tensor:
        """The features (B, 2048) of uint8 or floating pictures (B, 1 or 3, H, W) in [0, 255], resized as by clean-fid.

        Errors: `InputError` for pictures of another shape.
        """
        return self.features((resized(pictures).to(self.fc.weight.dtype) - 128) / 128)

    def features(self, x: Tensor) -> Tensor:
        """The features (B, 2048) of what the first layer sees: x (B, 3, 299, 299), (pictures − 128) / 128."""
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(F.max_pool2d(x, 3, 2)))
        x = F.max_pool2d(x, 3, 2)
        for name in self.mixed:
            x = self.get_submodule(name)(x)
        return x.mean(dim=(2, 3))

    def logits(self, features: Tensor, *, bias: bool = False) -> Tensor:
        """The logits (B, 1008) of features; the Inception score of the TensorFlow code leaves the bias out."""
        return F.linear(features, self.fc.weight, self.fc.bias if bias else None)


def resized(pictures: Tensor) -> Tensor:
    """Pictures (B, 1 or 3, H, W) in [0, 255] → float32 (B, 3, 299, 299) in [0, 255], as clean-fid's "clean" mode.

    Antialiased bicubic (a = −½) in floating point, each channel alone and not rounded, clipped to [0, 255]: Pillow's
    resize of mode "F" pictures, here in float64, rounded once at the end. Grey pictures become three equal channels.
    [Parmar et al. 2022, § 3.1]

    Errors: `InputError` for pictures of another shape.
    """
    if pictures.ndim != 4 or pictures.shape[1] not in (1, 3):
        raise InputError("pictures", tuple(pictures.shape), "of shape (B, 1 or 3, H, W)")
    large = F.interpolate(pictures.double(), (SIZE, SIZE), mode="bicubic", antialias=True)
    return large.clamp(0, 255).float().expand(-1, 3, -1, -1)


class _Convolution(nn.Module):
    """Convolution without bias, batch normalisation with ε = 0.001, ReLU."""

    def __init__(self, channels: int, width: int, kernel: Kernel, *, stride: int = 1, same: bool = True) -> None:
        super().__init__()
        padding = (kernel[0] // 2, kernel[1] // 2) if same else 0
        self.conv = nn.Conv2d(channels, width, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(width, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu_(self.bn(self.conv(x)))


class _Mixed(nn.Module):
    """Chains of convolutions side by side with a pool, concatenated; "halve" halves the size in all of them.

    The i-th convolution of a chain is named `chain_i`, a chain of one `chain`, the two of a fork `chain_ia` and
    `chain_ib`.
    """

    def __init__(self, channels: int, chains: dict[str, tuple[Step, ...]], pool: Pool, pool_width: int) -> None:
        super().__init__()
        self.pool = pool
        self.chains: list[list[list[str]]] = []
        self.width = pool_width or channels
        for chain, steps in chains.items():
            self.chains.append(list(self._chain(chain, channels, steps)))
            self.width += steps[-1][0] * len(self.chains[-1][-1])
        self.branch_pool = _Convolution(channels, pool_width, (1, 1)) if pool_width else None

    def _chain(self, chain: str, channels: int, steps: tuple[Step, ...]) -> Iterable[list[str]]:
        """Makes the convolutions of a chain; yields the names of each step."""
        for i, (width, kernel) in enumerate(steps, start=1):
            place = f"_{i}" if len(steps) > 1 else ""
            kernels = {"a": (1, 3), "b": (3, 1)} if kernel == _FORK else {"": kernel}
            halves = self.pool == "halve" and i == len(steps)
            for suffix, side in kernels.items():
                layer = _Convolution(channels, width, side, stride=2 if halves else 1, same=not halves)
                self.add_module(chain + place + suffix, layer)
            yield [chain + place + suffix for suffix in kernels]
            channels = width

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([*(self._run(chain, x) for chain in self.chains), self._pooled(x)], dim=1)

    def _run(self, chain: list[list[str]], x: Tensor) -> Tensor:
        for names in chain:
            parts = [self.get_submodule(name)(x) for name in names]
            x = parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)
        return x

    def _pooled(self, x: Tensor) -> Tensor:
        if self.pool == "halve":
            return F.max_pool2d(x, 3, 2)
        pooled = F.max_pool2d(x, 3, 1, 1) if self.pool == "max" else F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
        return pooled if self.branch_pool is None else self.branch_pool(pooled)


def _mixed_blocks() -> list[tuple[str, dict[str, tuple[Step, ...]], Pool, int]]:
    """Name, chains, pool and width after the pool of each block, from the first to the last."""
    halving35: dict[str, tuple[Step, ...]] = {
        "branch3x3": ((384, (3, 3)),), "branch3x3dbl": ((64, (1, 1)), (96, (3, 3)), (96, (3, 3))),
    }
    halving17: dict[str, tuple[Step, ...]] = {
        "branch3x3": ((192, (1, 1)), (320, (3, 3))),
        "branch7x7x3": ((192, (1, 1)), (192, (1, 7)), (192, (7, 1)), (192, (3, 3))),
    }
    return [
        ("Mixed_5b", _at35(), "average", 32),
        ("Mixed_5c", _at35(), "average", 64),
        ("Mixed_5d", _at35(), "average", 64),
        ("Mixed_6a", halving35, "halve", 0),
        ("Mixed_6b", _at17(128), "average", 192),
        ("Mixed_6c", _at17(160), "average", 192),
        ("Mixed_6d", _at17(160), "average", 192),
        ("Mixed_6e", _at17(192), "average", 192),
        ("Mixed_7a", halving17, "halve", 0),
        ("Mixed_7b", _at8(), "average", 192),
        ("Mixed_7c", _at8(), "max", 192),
    ]


def _at35() -> dict[str, tuple[Step, ...]]:
    """The blocks at 35 × 35."""
    return {
        "branch1x1": ((64, (1, 1)),),
        "branch5x5": ((48, (1, 1)), (64, (5, 5))),
        "branch3x3dbl": ((64, (1, 1)), (96, (3, 3)), (96, (3, 3))),
    }


def _at17(width: int) -> dict[str, tuple[Step, ...]]:
    """The blocks at 17 × 17, whose 7 × 7 convolutions are split into rows and columns."""
    return {
        "branch1x1": ((192, (1, 1)),),
        "branch7x7": ((width, (1, 1)), (width, (1, 7)), (192, (7, 1))),
        "branch7x7dbl": ((width, (1, 1)), (width, (7, 1)), (width, (1, 7)), (width, (7, 1)), (192, (1, 7))),
    }


def _at8() -> dict[str, tuple[Step, ...]]:
    """The blocks at 8 × 8, whose last convolutions look along rows and along columns, side by side."""
    return {
        "branch1x1": ((320, (1, 1)),),
        "branch3x3": ((384, (1, 1)), (384, _FORK)),
        "branch3x3dbl": ((448, (1, 1)), (384, (3, 3)), (384, _FORK)),
    }
