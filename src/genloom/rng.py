"""Random draws as functions of what they belong to; nothing here keeps a state that would have to be saved.

Training draws are functions of (seed, step) and of a sample's place in the global batch, so neither a resumed run nor
another number of processes changes them. Sampling draws are functions of (seed, index of the sample), so an image does
not depend on the batch it was made in.
"""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Noise = Callable[[], Tensor]
"""Returns the next draw of standard normal noise, of the shape of the state that is being sampled."""

_GOLDEN = 0x9E3779B97F4A7C15
_BLOCK_PAIRS = 1 << 16  # noise is made for many steps at once, up to this many pairs: 512 kB, which a cache holds


def _signed(constant: int) -> int:
    """The same 64 bits as a signed number, since torch has no uint64 arithmetic."""
    return constant - (1 << 64) if constant >= 1 << 63 else constant


_GOLDEN_SIGNED = _signed(_GOLDEN)
_MUL1, _MUL2 = _signed(0xBF58476D1CE4E5B9), _signed(0x94D049BB133111EB)


def _mix(z: Tensor) -> Tensor:
    """SplitMix64's finalizer on int64: a bijection whose outputs for successive inputs pass for random.

    [Steele, Lea & Flood 2014, Fig. 14; constants of variant 13 by D. Stafford]
    """
    # torch shifts arithmetically: the masks clear the copies of the sign
    z = (z >> 30).bitwise_and_(0x3FFFFFFFF).bitwise_xor_(z).mul_(_MUL1)
    z = (z >> 27).bitwise_and_(0x1FFFFFFFFF).bitwise_xor_(z).mul_(_MUL2)
    return (z >> 31).bitwise_and_(0x1FFFFFFFF).bitwise_xor_(z)


def fold(seed: int, *parts: int) -> int:
    """One 63-bit seed from a seed and any number of integers; every part changes it.

    >>> fold(0, 1) != fold(0, 2) != fold(1, 2)
    True
    """
    z = seed
    for part in (0x67656E6C6F6F6D, *parts):  # the first part is a constant, so that fold(0) is not 0
        z = (z ^ part) * _GOLDEN + part & 0xFFFFFFFFFFFFFFFF
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
        z ^= z >> 31
    return z >> 1


def generator(seed: int, *parts: int, device: torch.device | str = "cpu") -> torch.Generator:
    """A torch generator seeded by `fold(seed, *parts)`."""
    return torch.Generator(device).manual_seed(fold(seed, *parts))


class StepRng:
    """The draws of one optimizer step: rows `rank·B … (rank+1)·B − 1` of what one process draws for the whole batch.

    Every method takes the number of local rows B as the first entry of the shape, and returns float32 or int64 tensors.

    step   number of completed steps
    """

    def __init__(self, seed: int, step: int, micro: int = 0, rank: int = 0, world: int = 1,
                 device: torch.device | str = "cpu") -> None:
        self.step = step
        self._generator = generator(seed, step, micro, device=device)
        self._rank, self._world, self._device = rank, world, device

    def normal(self, shape: Sequence[int]) -> Tensor:
        """Standard normal numbers of shape (B, …)."""
        return self._rows(torch.randn, shape)

    def uniform(self, shape: Sequence[int]) -> Tensor:
        """Uniform numbers in [0, 1) of shape (B, …)."""
        return self._rows(torch.rand, shape)

    def integers(self, high: int, shape: Sequence[int]) -> Tensor:
        """Integers in [0, high) of shape (B, …)."""
        whole = torch.randint(high, self._whole(shape), generator=self._generator, device=self._device)
        return self._mine(whole, shape[0])

    def _rows(self, draw: Callable[..., Tensor], shape: Sequence[int]) -> Tensor:
        whole = draw(self._whole(shape), generator=self._generator, device=self._device)
        return self._mine(whole, shape[0])

    def _whole(self, shape: Sequence[int]) -> tuple[int, ...]:
        return (shape[0] * self._world, *shape[1:])

    def _mine(self, whole: Tensor, rows: int) -> Tensor:
        return whole if self._world == 1 else whole[self._rank * rows : (self._rank + 1) * rows]


class SampleNoise:
    """Standard normal noise for a batch of samples, where sample i's numbers depend on (seed, its index) alone.

    Every sample has a SplitMix64 stream of its own, which starts at a hash of (seed, index); the halves of each number
    become one Box–Muller pair, so |noise| ≤ 6.8. Calling the object gives the first draw, then the second, …; two
    objects with equal arguments give equal draws.

    seed     any integer
    count    number of samples B
    shape    shape of one sample, without the batch dimension
    first    index of the batch's first sample: samples 0–7 and 8–15 together are samples 0–15
    """

    def __init__(self, seed: int, count: int, shape: Sequence[int], *, first: int = 0,
                 dtype: torch.dtype = torch.float32, device: torch.device | str = "cpu") -> None:
        self._shape, self._dtype = (count, *shape), dtype
        index = torch.arange(first, first + count, device=device)
        self._keys = _mix(_mix(index + 1) * _GOLDEN_SIGNED + fold(seed))
        self._size = math.prod(shape)
        self._pairs = (self._size + 1) // 2
        self._per_block = max(1, _BLOCK_PAIRS // max(1, count * self._pairs))
        self._calls = 0
        self._block = torch.empty(0)

    def __call__(self) -> Tensor:
        """The next draw, of shape (B, *shape)."""
        position = self._calls % self._per_block
        if position == 0:
            self._block = self._draw(self._calls, self._per_block)
        self._calls += 1
        return self._block[position]

    def _draw(self, start: int, steps: int) -> Tensor:
        counter = torch.arange(start * self._pairs + 1, (start + steps) * self._pairs + 1, device=self._keys.device)
        bits = _mix(self._keys[:, None] + (counter * _GOLDEN_SIGNED).view(steps, 1, self._pairs))
        low = (bits & 0xFFFFFFFF).to(torch.float64).add_(0.5).mul_(2.0**-32)
        high = ((bits >> 32) & 0xFFFFFFFF).to(torch.float64).add_(0.5).mul_(2.0**-32)
        radius = low.log_().mul_(-2).sqrt_().to(self._dtype)
        angle = high.mul_(2 * math.pi).to(self._dtype)
        normal = torch.stack((radius * angle.cos(), radius * angle.sin()), dim=-1)
        return normal.flatten(2)[:, :, : self._size].reshape(steps, *self._shape)
