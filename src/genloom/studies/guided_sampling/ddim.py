"""S0.23 and S0.24: DDIM on the same checkpoint, and the study of steps once more."""

import copy

import torch
from torch import Tensor

from genloom.diffusion.guidance import clipped
from genloom.diffusion.samplers.registry import sample
from genloom.report.grids import rows_figure
from genloom.report.numbers import at_least, at_most, fixed, number
from genloom.report.results import Figure, Result
from genloom.rng import SampleNoise, fold
from genloom.studies.context import Context
from genloom.studies.guided_sampling.ddpm import agreement_result, ddpm_rows, grid_figure
from genloom.studies.guided_sampling.judges import clean_judge
from genloom.studies.guided_sampling.tables import Row, distance_results, floor, row, scoring_table
from genloom.studies.guided_sampling.work import SHOWN, Digits, digits, sampling
from genloom.studies.study import Answer, deliverable

_EXACT = 4  # pictures and steps of the statements to rounding, in float64
_EXACT_STEPS = 20
ETAS = {0.0: "DDIM", 0.5: "DDIM, η = ½"}
"""η = 1 is DDPM, as S0.23 shows, and is not drawn twice."""


@deliverable("S0.23", "DDIM without retraining",
             question="Implement the DDIM sampler and use it on the same checkpoint.")
def ddim_sampler(context: Context) -> Answer:
    """Three η from the same starts; η = 1 is DDPM, η = 0 draws no noise."""
    here = digits(context)
    exact = {eta: _exactly(here, "ddim", 0, eta=eta) for eta in (0.0, 1.0)}
    same = (exact[1.0] - _exactly(here, "ddpm", 0)).abs().max().item()
    again = (exact[0.0] - _exactly(here, "ddim", 1, eta=0.0)).abs().max().item()
    noisy = (exact[1.0] - _exactly(here, "ddim", 1, eta=1.0)).abs().max().item()
    return Answer(
        text=(
            "DDIM asks the trained network for the same ε̂ as DDPM; only the step differs. η says how much of it is "
            "new noise: none at η = 0, where the picture is a function of its starting noise, and at η = 1 as much as "
            "DDPM's small variance, where the two are one sampler.",
            f"Both ends are statements to rounding. In float64, with the same noise in {_EXACT_STEPS} steps, η = 1 "
            f"and DDPM differ by {number(same, 2)} at most; with another noise after the start η = 0 does not move at "
            f"all, and η = 1 by as much as {number(noisy, 2)}.",
        ),
        figures=(_etas_figure(context, here),),
        results=(
            at_most(Result(name="largest difference of pixels, η = 1 from DDPM on the same noise", value=same,
                           known=0.0, known_name="DDPM with the small variance", n=_EXACT,
                           tolerance="at most 1e-8, rounding"), 1e-8),
            at_most(Result(name="largest difference at η = 0 with another noise after the start", value=again,
                           known=0.0, known_name="a function of the start", n=_EXACT), 0.0),
            at_least(Result(name="the same at η = 1", value=noisy, n=_EXACT, tolerance="more than rounding"), 1e-3),
        ),
        formula="x_s = √ᾱ_s x̂_0 + √(1 − ᾱ_s − σ²) ε̂ + σ z,   σ = η √[(1 − ᾱ_s)/(1 − ᾱ_t)] √[1 − ᾱ_t/ᾱ_s]",
        source="Song, Meng & Ermon 2021, Eq. 12 and 16",
    )


@deliverable("S0.24", "The same study with DDIM", question="Repeat the study of step counts with DDIM.")
def ddim_scores(context: Context) -> Answer:
    """Grid and scores of DDIM at every number of steps, for three η."""
    here, judge, known = digits(context), clean_judge(context), floor(context)
    plain, half = ddim_rows(context, 0.0), ddim_rows(context, 0.5)
    first, last = plain[0], plain[-1]
    (low, high), moved = _shared(context), _moved(context)
    return Answer(
        text=(
            f"DDIM at η = 0 goes from {judge.distance} {number(first.scored.scores.frechet, 3)} at {first.steps} steps "
            f"to {number(last.scored.scores.frechet, 3)} at {last.steps}; real test digits have "
            f"{number(known.mean('frechet'), 3)}. Along a column all follow the same curve from the same start, in "
            f"coarser or finer steps: between {low} and {high} steps a pixel moves by {number(moved[0], 2)} of its "
            f"range, root mean square, where DDPM's, with new noise, moves by {number(moved[1], 2)}.",
            _fewest(context, plain),
            "The rows of η = 1 are DDPM's of S0.22, since the two are the same sampler.",
        ),
        figures=(grid_figure(context, here, plain, "ddim-steps", "DDIM, η = 0"),),
        tables=(scoring_table([*plain, *half, *_as_ddim(context)], judge, known, named=True),),
        results=(at_most(Result(name=f"distance of DDIM's pictures at {low} and {high} steps", value=moved[0],
                                known=moved[1], known_name="DDPM's, which share the start alone",
                                n=here.sizes.samples, seeds=(context.seed,), tolerance="below DDPM's"), moved[1]),
                 *distance_results(context, [*plain, *half]), agreement_result(context, last)),
        source="Song, Meng & Ermon 2021, §5.1 and Table 1",
    )


def ddim_rows(context: Context, eta: float) -> list[Row]:
    """DDIM at every number of steps."""
    sizes = digits(context).sizes
    return [row(context, ETAS[eta], "ddim", steps, eta) for steps in (sizes.half if eta else sizes.ddim)]


def _as_ddim(context: Context) -> list[Row]:
    return [each._replace(name="DDIM, η = 1 (DDPM)") for each in ddpm_rows(context)]


def _fewest(context: Context, plain: list[Row]) -> str:
    """DDIM beside DDPM at the fewest steps that both were drawn with."""
    low = _shared(context)[0]
    mine = next(each for each in plain if each.steps == low).scored.scores
    other = next(each for each in ddpm_rows(context) if each.steps == low).scored.scores
    return (f"At {low} steps DDIM has {number(mine.frechet, 3)} where DDPM has {number(other.frechet, 3)}, and "
            f"coverage {fixed(mine.coverage, 2)} where DDPM has {fixed(other.coverage, 2)}. DDIM's step solves an "
            "equation and may be long; DDPM's is a draw whose variance is right for short steps alone.")


def _shared(context: Context) -> tuple[int, int]:
    """The fewest and the most steps that DDIM, half-way and DDPM were all drawn with."""
    sizes = digits(context).sizes
    both = sorted(set(sizes.ddim) & set(sizes.half) & set(sizes.ddpm))
    return both[0], both[-1]


def _moved(context: Context) -> list[float]:
    """How far pixels are apart between these two numbers of steps, of 1, for DDIM and for DDPM."""
    found = []
    for name, sampler in (("DDIM", "ddim"), ("DDPM", "ddpm")):
        one, other = (row(context, name, sampler, steps).drawn.pictures.double() for steps in _shared(context))
        found.append(float((one - other).square().mean().sqrt()) / 255)
    return found


def _etas_figure(context: Context, here: Digits) -> Figure:
    steps = _shared(context)[1]
    rows = {"η = 0": row(context, ETAS[0.0], "ddim", steps), "η = ½": row(context, ETAS[0.5], "ddim", steps, 0.5),
            "DDPM": row(context, "DDPM", "ddpm", steps)}
    shown = {name: each.drawn.pictures[:SHOWN] for name, each in rows.items()}
    return context.figure(rows_figure(shown, list(map(str, range(SHOWN))), cell=0.66), "ddim-etas", run=here.trained,
                          caption=f"One checkpoint, {steps} steps, one starting noise for each column: η = 0, ½, and "
                                  "1, which is DDPM.",
                          alt=f"Three rows of {SHOWN} digits: DDIM, half-way, DDPM")


def _exactly(here: Digits, sampler: str, other: int, **options: float) -> Tensor:
    """Pictures in float64 from one start, with the noise of a seed that differs after it."""
    network = copy.deepcopy(here.networks["denoiser"]).cpu().double()
    denoiser = clipped(here.exactly(here.labels(_EXACT), network))
    start = SampleNoise(0, _EXACT, here.experiment.shape, dtype=torch.float64)()
    noise = SampleNoise(fold(1, other), _EXACT, here.experiment.shape, dtype=torch.float64)
    levels = here.experiment.levels(sampling(here, sampler, _EXACT_STEPS))
    return sample(sampler, denoiser, start, levels, noise=noise, **options)

