"""A small decoder on a series whose least errors are known, with a mask and without."""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from genloom.forecasting.attending import Attending
from genloom.forecasting.attention.kinds import attend, weights
from genloom.forecasting.layers import LayerShape
from genloom.forecasting.masks import make_mask
from genloom.forecasting.transformer import Attentions, Transformer, TransformerShape
from genloom.report.numbers import at_least, at_most, near
from genloom.report.results import Result
from genloom.rng import fold, generator

STEPS, BATCH, TESTED = 500, 128, 4000
PAST, AHEAD = 4, 8
"""Steps that are known and steps to forecast."""
POSITIONS = 48
_LR = 3e-3
_KEPT = 0.8  # correlation of a value with the one before
_ROUNDING = 1e-12


def floors() -> tuple[Tensor, Tensor]:
    """The least squared errors of each step: given the truth before it, and given the past alone, (H,) each."""
    ahead = torch.arange(1, AHEAD + 1, dtype=torch.float64)
    return torch.full_like(ahead, 1 - _KEPT**2), 1 - _KEPT ** (2 * ahead)


def drawn(count: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """yₜ = φ yₜ₋₁ + √(1 − φ²) ε, φ = 0.8, which has variance 1: past (B, 4, 1) and future (B, 8, 1)."""
    noise = torch.randn(count, PAST + AHEAD, generator=random)
    steps = [noise[:, 0]]
    for k in range(1, noise.shape[1]):
        steps.append(_KEPT * steps[-1] + math.sqrt(1 - _KEPT**2) * noise[:, k])
    x = torch.stack(steps, 1)[..., None]
    return x[:, :PAST], x[:, PAST:]


def decoder(seed: int, *, masked: bool, one_shot: bool = False) -> Transformer:
    """A small encoder–decoder Transformer with random weights."""
    layer = LayerShape(width=32, heads=2, hidden=64, dropout=0.0, norm_first=True)
    shape = TransformerShape(channels=1, marks=0, lookback=PAST, horizon=AHEAD, label=PAST, layers=1, layer=layer,
                             decoder="one-shot" if one_shot else "autoregressive", neighbours=False)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(fold(seed, 320))
        return Transformer(shape, Attentions(Attending(), Attending(causal=masked), Attending()))


class Taught(NamedTuple):
    """A decoder that was taught with the truth.

    given, free   squared error of each step when it is given the true steps before, and when it is given its own (H,)
    least         mean squared errors of the exact forecasts of the same windows, given the truth and on their own
    leak          see `leak`
    own           largest change where its own forecasts are given to it in one pass
    """

    given: Tensor
    free: Tensor
    least: tuple[float, float]
    leak: float
    own: float


def taught(masked: bool, seed: int, steps: int = STEPS, count: int = TESTED) -> Taught:
    """Train a decoder on fresh windows and measure it on others, in float64."""
    network = decoder(seed, masked=masked)
    optimizer = torch.optim.Adam(network.parameters(), _LR)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for step in range(steps):
        past, future = drawn(BATCH, generator(seed, 321, step))
        loss = (_forecast(network, past, future) - future).square().mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        falling.step()
    network.double().eval()
    with torch.no_grad():
        past, future = (part.double() for part in drawn(count, generator(seed, 322)))
        free = _forecast(network, past)
        again = _forecast(network, past, free)
        given = _forecast(network, past, future)
    each, own = ((found - future).square().mean((0, 2)) for found in (given, free))
    return Taught(each, own, exact_errors(past, future), leak(network, (past, *_marks(past)), future),
                  float((again - free).abs().max()))


def exact_errors(past: Tensor, future: Tensor) -> tuple[float, float]:
    """Mean squared errors of E[yₜ | yₜ₋₁] = φ yₜ₋₁ and of E[yₕ | y₀] = φʰ y₀, of windows (B, L, 1)."""
    before = torch.cat((past[:, -1:], future[:, :-1]), 1)
    ahead = _KEPT ** torch.arange(1, AHEAD + 1, dtype=past.dtype)[:, None]
    step, run = ((future - forecast).square().mean() for forecast in (_KEPT * before, ahead * past[:, -1:]))
    return float(step), float(run)


@torch.no_grad()
def leak(network: nn.Module, told: tuple[Tensor, ...], y: Tensor) -> float:
    """How much forecasts of steps up to the middle change with the truth from the middle on, over their deviation.

    network   (*told, y) -> forecast (B, H, C), y the truth that it is taught with
    """
    middle = y.shape[1] // 2
    other = y.clone()
    other[:, middle:] = 3 - 2 * other[:, middle:]
    before, after = (network(*told, truth)[:, : middle + 1] for truth in (y, other))
    return float((after - before).abs().max() / before.std())


def exact_weights() -> tuple[Result, ...]:
    """The program's masked weights beside a softmax by hand."""
    q, k, v, seen = _queries()
    added = torch.zeros(POSITIONS, POSITIONS, dtype=torch.float64).masked_fill(~seen, -math.inf)
    scores = q @ k.transpose(-2, -1) / math.sqrt(8)
    by_hand = (scores + added).softmax(-1)
    found = weights("full", q, k, mask=seen)
    mixed = attend("full", q, k, v, mask=seen)
    return (
        near(Result(name="largest weight on a hidden pair", value=float(found[..., ~seen].max()), known=0.0,
                    known_name="exactly 0", n=4 * int((~seen).sum())), 0.0),
        at_most(Result(name="weights beside softmax(scores + m) by hand, largest difference", known=0.0,
                       value=float((found - by_hand).abs().max()), known_name="equal"), _ROUNDING),
        at_most(Result(name="what is mixed by them, the same", value=float((mixed - by_hand @ v).abs().max()),
                       known=0.0, known_name="equal"), _ROUNDING),
        at_most(Result(name="sums of rows less 1, largest", value=float((found.sum(-1) - 1).abs().max()), known=0.0,
                       known_name="weights sum to 1"), _ROUNDING),
    )


def multiplied_weights() -> tuple[Result, ...]:
    """What multiplying by the mask after the softmax does, where the keys from the middle on are changed once."""
    q, k, _, seen = _queries()
    middle = POSITIONS // 2
    both = k, torch.cat((k[:, :, :middle], -k[:, :, middle:]), 2)
    added = [weights("full", q, keys, mask=seen) for keys in both]
    multiplied = [seen * (q @ keys.transpose(-2, -1) / math.sqrt(8)).softmax(-1) for keys in both]
    masked, leaked = (float((after - before)[:, :, :middle].abs().max()) for before, after in (added, multiplied))
    return (
        near(Result(name="change of an earlier query's weights with later keys", value=masked, known=0.0,
                    known_name="nothing of the future is seen"), 0.0),
        at_least(Result(name="the same where weights are multiplied by the mask after the softmax", value=leaked,
                        known=0.0, known_name="0 if nothing were seen"), 0.01),
        at_most(Result(name="mean sum of a row of these", value=float(multiplied[0].sum(-1).mean()), known=1.0,
                       known_name="weights sum to 1", tolerance="at most 0.9: they do not"), 0.9),
    )


def one_shot_leak(seed: int) -> float:
    """How much of what comes a one-shot decoder without a mask is told, see `leak`."""
    network = decoder(seed, masked=False, one_shot=True).double().eval()
    past, future = (part.double() for part in drawn(64, generator(seed, 323)))
    return leak(network, (past, *_marks(past)), future)


def _queries() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """q, k and v, (2, 2, L, 8) each, and a causal mask."""
    draws = generator(5)
    q, k, v = (torch.randn(2, 2, POSITIONS, 8, generator=draws, dtype=torch.float64) for _ in range(3))
    seen = make_mask("causal", POSITIONS, POSITIONS)
    assert seen is not None
    return q, k, v, seen


def _forecast(network: Transformer, past: Tensor, future: Tensor | None = None) -> Tensor:
    found: Tensor = network(past, *_marks(past), future)
    return found[..., 0]


def _marks(past: Tensor) -> tuple[Tensor, Tensor]:
    """No calendar, of both parts."""
    return past.new_zeros(len(past), PAST, 0), past.new_zeros(len(past), AHEAD, 0)
