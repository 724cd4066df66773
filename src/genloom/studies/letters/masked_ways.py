"""What S4.8 compares: two observations, ways to sample given them, and what each way gives."""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.guidance import flat_strength, masked
from genloom.diffusion.oracle.base import Oracle
from genloom.diffusion.oracle.posterior import condition
from genloom.metrics.energy import energy_distance
from genloom.metrics.floor import Floor, fresh_floor
from genloom.report.numbers import number
from genloom.rng import fold, generator
from genloom.studies.letters.exact import ExactLetters, Observed
from genloom.studies.letters.work import Setting

NOISE = 0.02
"""s, the standard deviation of the observation."""
TEXT_STRENGTH = 2.0  # of the text's p(known | x) ∝ exp(−‖(x − known) ⊙ M‖²)
AXES = ("x", "y")


class Case(NamedTuple):
    """An observation and its exact posterior.

    observed    the coordinate that is seen; the other is what is asked for
    posterior   the exact denoiser, on a grid
    oracle      the same without a grid, for exact draws
    """

    observed: Observed
    posterior: ExactLetters
    oracle: Oracle

    @property
    def hidden(self) -> int:
        """The coordinate that is not seen."""
        return 1 - self.observed.coordinate

    @property
    def words(self) -> str:
        """What was seen."""
        return f"{AXES[self.observed.coordinate]} = {number(self.observed.value, 2)}"


class Way(NamedTuple):
    """A way to sample given an observation.

    exact_score   whether the guided score is the exact one or the network's
    strength      λ as a function of the level, or a number; None for the exact posterior's own score
    """

    name: str
    exact_score: bool
    strength: Callable[..., object] | float | None


class Found(NamedTuple):
    """What a way gave.

    energy   energy distance from exact draws of the posterior, of both coordinates
    hidden   the same of the hidden coordinate alone
    spread   root mean square distance of the seen coordinate from its value
    lost     share of the samples that are not finite or left the page
    """

    points: Tensor
    energy: float
    hidden: float
    spread: float
    lost: float


def observations(here: Setting) -> list[Case]:
    """x through the middle of the second letter, whose strokes it meets several times; y through the middle of all."""
    letter = here.letters[min(1, len(here.letters) - 1)]
    seen = (Observed(0, round(float(letter.low[0] + letter.high[0]) / 2, 2), NOISE), Observed(1, 0.0, NOISE))
    boxes = here.exact.segments.oracle(here.experiment.schedule)
    return [Case(observed, here.exact.given(observed), condition(boxes, *_as_tensors(observed), NOISE))
            for observed in seen]


def largest_constant(here: Setting) -> float:
    """The λ from which a constant diverges at the first level: α_1 (λ + 1/σ_1²) = 2."""
    return (2 / here.step - 1) / here.sigmas[0] ** 2


def ways(here: Setting) -> tuple[Way, ...]:
    """The ways in the order of the table."""
    border, follow = largest_constant(here), flat_strength(NOISE)
    return (
        Way("λ = 2, the text's", True, TEXT_STRENGTH),
        Way("λ = 20", True, 20.0),
        Way(f"λ = {border * 0.8:.0f}, near the border", True, border * 0.8),
        Way(f"λ = 1/s² = {1 / NOISE**2:.0f}", True, 1 / NOISE**2),
        Way("λ = 1/(σ² + s²)", True, follow),
        Way("λ = 1/(σ² + s²), trained network", False, follow),
        Way("exact posterior score", True, None),
    )


def sample_by(here: Setting, case: Case, way: Way) -> Found:
    """The samples of one way, and how far they are from exact draws of the posterior."""
    count = here.recipe.evaluation.samples
    denoiser = case.posterior if way.strength is None else _guided(here, case, way)
    with torch.no_grad():
        for state in here.experiment.walk(denoiser, here.recipe.sampling, count, fold(here.recipe.engine.seed, 41)):  # noqa: B007
            pass
    points = state.x.cpu().double()
    kept = points[points.isfinite().all(1) & (points.nan_to_num().abs() < 10).all(1)]
    lost = 1 - len(kept) / count
    if lost > 0.5:
        return Found(kept, float("nan"), float("nan"), float("nan"), lost)
    draws = _draws(here, case, count, 42)
    energy, hidden = energy_distance(kept, draws), energy_distance(kept[:, case.hidden], draws[:, case.hidden])
    spread = math.sqrt(float((kept[:, case.observed.coordinate] - case.observed.value).square().mean()))
    return Found(kept, energy, hidden, spread, lost)


def _guided(here: Setting, case: Case, way: Way) -> Denoiser:
    known, mask = _as_tensors(case.observed)
    return masked(here.denoiser("exact" if way.exact_score else "model"), known.float(), mask.float(), noise=NOISE,
                  strength=way.strength)  # type: ignore[arg-type]


def _as_tensors(observed: Observed) -> tuple[Tensor, Tensor]:
    known, mask = torch.zeros(2, dtype=torch.float64), torch.zeros(2, dtype=torch.float64)
    known[observed.coordinate], mask[observed.coordinate] = observed.value, 1
    return known, mask


def _draws(here: Setting, case: Case, count: int, part: int) -> Tensor:
    """Exact draws of x0 given the observation, with the σ_L of noise that Langevin leaves."""
    random = generator(here.recipe.engine.seed, part)
    x0 = case.oracle.sample(count, random)
    return x0 + here.sigmas[-1] * torch.randn(x0.shape, generator=random, dtype=torch.float64)


def draws_floor(here: Setting, case: Case) -> Floor:
    """The energy distance of exact draws of the posterior from exact draws."""
    return fresh_floor(energy_distance, lambda count, seed: _draws(here, case, count, seed),
                       here.recipe.evaluation.samples, pairs=20)


def known_spread(here: Setting, case: Case) -> float:
    """Root mean square distance of the seen coordinate under the exact posterior at σ_L, by quadrature."""
    table = case.posterior.table(here.sigmas[-1])
    off = table.points[:, case.observed.coordinate] - case.observed.value
    return math.sqrt(float(table.share @ off.square()))


def marginal(here: Setting, case: Case) -> tuple[Tensor, Tensor]:
    """The hidden coordinate and its exact density at σ_L."""
    table = case.posterior.table(here.sigmas[-1])
    line = table.y if case.hidden == 1 else table.x
    density = table.density.sum(0 if case.hidden == 0 else 1)
    return line, density / (density.sum() * (line[1] - line[0]))
