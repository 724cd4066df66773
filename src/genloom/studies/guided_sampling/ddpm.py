"""S0.21 and S0.22: DDPM at several numbers of steps, shown and scored."""

from collections.abc import Sequence

from torch import Tensor

from genloom.metrics.picture_scores import NEIGHBOURS
from genloom.report.grids import rows_figure
from genloom.report.numbers import at_least, at_most, fixed, near, number
from genloom.report.results import Figure, Result
from genloom.studies.context import Context
from genloom.studies.guided_sampling.judges import clean_judge
from genloom.studies.guided_sampling.tables import Row, distance_results, floor, kernel_no_worse, row, scoring_table
from genloom.studies.guided_sampling.work import SHOWN, Digits, digits, sampling
from genloom.studies.study import Answer, deliverable


@deliverable("S0.21", "DDPM at several step counts",
             question="Draw samples by DDPM from one checkpoint with several numbers of steps, and show them.")
def ddpm_pictures(context: Context) -> Answer:
    """One row for each number of steps, one starting noise for each column."""
    here, rows = digits(context), ddpm_rows(context)
    least, most = rows[0], rows[-1]
    return Answer(
        text=(
            "Every row is drawn from the same checkpoint, and every column from the same starting noise, asked for the "
            f"same digit; only the number of steps differs. {least.steps} steps of {here.recipe.schedule.steps} begin "
            f"at entry {here.recipe.schedule.steps - 1} of the table, as {most.steps} do, and end at clean data.",
            "DDPM adds new noise at each step, so that rows with different numbers of steps do not share the rest of "
            "their noise, and a column need not show the same picture twice: what it shares is where it began.",
            "The problem text asks for a checkpoint of 64 × 64 pictures; this one is of digits, "
            f"{here.recipe.data.size} × {here.recipe.data.size}, because digits come with classes, a classifier of "
            "their own, and test pictures, so that everything below can be scored.",
        ),
        figures=(grid_figure(context, here, rows, "ddpm-steps", "DDPM"),),
        results=(
            at_most(Result(name="largest difference of the starts of two rows", value=_starts(here, context.seed, rows),
                           known=0.0, known_name="one starting noise for each column", n=SHOWN), 0.0),
            *(near(Result(name=f"network calls per picture, {each.steps} steps", value=each.drawn.calls,
                          known=each.steps, known_name="one call a step"), 0) for each in rows),
        ),
        formula="x_s ~ N(μ̃(x_t, x̂_0), σ̃²),   σ̃² = (1 − ᾱ_s)/(1 − ᾱ_t) (1 − ᾱ_t/ᾱ_s)",
        source="Ho et al. 2020, Alg. 2 and Eq. 7, between the t and s of the shorter grid",
    )


@deliverable("S0.22", "DDPM scored", question="Score the samples at each number of steps.")
def ddpm_scores(context: Context) -> Answer:
    """The table of scores beside those of real test digits."""
    rows, known, judge = ddpm_rows(context), floor(context), clean_judge(context)
    least, most = rows[0], rows[-1]
    best = known.mean("frechet")
    return Answer(
        text=(
            f"{judge.distance} is {number(least.scored.scores.frechet, 3)} at {least.steps} steps and "
            f"{number(most.scored.scores.frechet, 3)} at {most.steps}; real test digits, which nobody can expect to "
            f"beat, have {number(best, 3)}. The judge sees the digit that was asked for in "
            f"{fixed(100 * least.scored.agreement.value, 1)} % of the pictures at {least.steps} steps and in "
            f"{fixed(100 * most.scored.agreement.value, 1)} % at {most.steps}; of real test digits it knows "
            f"{fixed(100 * known.agreement.value, 1)} %.",
            "In few steps the small variance adds too little noise, which is exact for normal data and costs variety; "
            f"coverage is {fixed(least.scored.scores.coverage, 2)} at {least.steps} steps, "
            f"{fixed(most.scored.scores.coverage, 2)} at {most.steps}, and {fixed(known.mean('coverage'), 2)} for real "
            f"digits. Precision counts pictures among the {NEIGHBOURS} nearest neighbours of real ones, coverage the "
            "real pictures that have a generated one among theirs; the distance sees both.",
            "The time of an image was measured here, on this machine, in batches of "
            f"{digits(context).sizes.batch}; the network calls are what another machine will have in common with it. "
            "The last column is empty: look at the grid of S0.21 and give your own mark.",
        ),
        tables=(scoring_table(rows, judge, known),),
        results=(
            kernel_no_worse(context, most, least),
            *distance_results(context, rows),
            agreement_result(context, most),
        ),
        formula="d² = ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^{1/2})",
        source="Heusel et al. 2017, Eq. 6; Kynkäänniemi et al. 2019; Naeem et al. 2020",
    )


def ddpm_rows(context: Context) -> list[Row]:
    """DDPM at every number of steps."""
    return [row(context, "DDPM", "ddpm", steps) for steps in digits(context).sizes.ddpm]


def grid_figure(context: Context, here: Digits, rows: Sequence[Row], name: str, words: str) -> Figure:
    """The first pictures of each row."""
    shown = {f"{each.steps} steps": each.drawn.pictures[:SHOWN] for each in rows}
    counts = ", ".join(str(each.steps) for each in rows)
    return context.figure(rows_figure(shown, list(map(str, range(SHOWN))), cell=0.66), name, run=here.trained,
                          caption=f"{words} at {counts} steps. A column has one starting noise and one digit asked "
                                  "for, which stands above it; none was chosen or left out.",
                          alt=f"{len(rows)} rows of {SHOWN} digits, one row for each of {counts} steps")


def agreement_result(context: Context, each: Row) -> Result:
    """How often the judge sees the class that was asked for, at least at the chance of guessing."""
    seen, real = each.scored.agreement, floor(context).agreement
    chance = 1 / digits(context).classes
    return at_least(Result(name=f"class agreement: {each.name}, {each.steps} steps", value=seen.value,
                           known=real.value, known_name="real test digits", interval=(seen.low, seen.high), n=seen.n,
                           tolerance="above chance"), chance)


def _starts(here: Digits, seed: int, rows: Sequence[Row]) -> float:
    starts: list[Tensor] = []
    for each in rows:
        noise = here.experiment.noise(here.networks, SHOWN, seed)
        walk = here.experiment.walk(here.raw(here.labels(SHOWN)), sampling(here, "ddpm", each.steps), noise)
        starts.append(next(walk).x)
    return max(float((start - starts[0]).abs().max()) for start in starts)
