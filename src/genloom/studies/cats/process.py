"""S3.22 and S3.23: a batch on its way to noise, and back from exactly there."""


from genloom.recipes.process_images import PERCENT, Way, backward, forward
from genloom.recipes.show_images import percents, rows_of_way
from genloom.report.grids import rows_figure
from genloom.report.numbers import at_most, near
from genloom.report.results import Figure, Result
from genloom.studies.cats.work import Cats, T, tables, ten_thousand
from genloom.studies.context import Context
from genloom.studies.study import Answer, deliverable

_SHOWN = 8


@deliverable("S3.22", "Forward process of a training batch",
             question="Show a batch of training pictures at 0, 25, 50, 75 and 99 % of T.")
def forward_figure(context: Context) -> Answer:
    """The noised pictures, and their spread beside what the schedule says."""
    here, way = _there(context)
    x0 = way.states[0]
    results = []
    for percent, state in zip(PERCENT[1:], way.states[1:], strict=True):
        step = percent * T // 100
        bar = float(tables(T).alpha_bar[step - 1])
        known = bar * x0.double().square().mean().item() + 1 - bar
        results.append(near(Result(name=f"mean square of a pixel at {percent} % (step {step})",
                                   value=state.double().square().mean().item(), known=known,
                                   known_name="ᾱ E x0² + 1 − ᾱ", n=x0.numel(),
                                   tolerance="within 5 standard errors"), 5 * (2 / x0.numel()) ** 0.5))
    return Answer(
        text=("All rows have the same noise ε, so that one sees the picture fade and not the noise change. Step ⌊pT⌋ "
              "is shown; 0 % is the picture itself.",),
        figures=(_figure(context, here, way, "forward", "Training pictures on their way to noise"),),
        results=tuple(results), formula="x_t = √ᾱ_t x_0 + √(1 − ᾱ_t) ε", source="problem text, Eq. 17",
    )


@deliverable("S3.23", "Backward process from the same noised pictures",
             question="Starting from exactly the pictures of S3.22 at 99 %, show the backward process at the same "
                      "percentages.")
def backward_figure(context: Context) -> Answer:
    """The way back from the raw noised states."""
    here, there = _there(context)
    back = context.once("cats way back", lambda: backward(here.experiment, here.trained.networks, there, context.seed))
    start = (back.states[0] - there.states[-1]).abs().max().item()
    beyond = (there.states[-1].abs() > 1).double().mean().item()
    apart = (back.states[-1] - there.states[0]).square().mean().item() ** 0.5
    other = (back.states[-1] - there.states[0].roll(1, 0)).square().mean().item() ** 0.5
    return Answer(
        text=(
            f"The way starts from the noised states as they are: {100 * beyond:.0f} % of their numbers lie beyond the "
            "range of pictures, and clamping them for display first, then starting from the clamped ones, is the "
            "common mistake. The last row is at 0 %.",
            f"At 99 % hardly anything of the pictures is left (ᾱ = {float(tables(T).alpha_bar[48]):.2g}), so the way "
            "back leads to other cats, whose colours and layout may still lean to the first ones: the root mean square "
            f"distance to the picture that was noised is {apart:.3f}, to its neighbour {other:.3f}.",
        ),
        figures=(_figure(context, here, back, "backward", "The way back from exactly the noisiest row of S3.22"),),
        results=(
            at_most(Result(name="largest difference of the start from S3.22's noisiest row", value=start, known=0.0,
                           known_name="the same tensor", n=there.states[0].numel()), 0.0),
            at_most(Result(name="largest |pixel| at the end", value=back.states[-1].abs().max().item(), known=1.0,
                           known_name="range of pictures"), 1.0),
        ),
        source="ERRATA: S3.23 starts from the raw noised pictures",
    )


def _there(context: Context) -> tuple[Cats, Way]:
    here = ten_thousand(context)
    return here, context.once("cats way there", lambda: forward(here.experiment, _SHOWN, context.seed))


def _figure(context: Context, here: Cats, way: Way, name: str, caption: str) -> Figure:
    return context.figure(rows_figure(rows_of_way(here.experiment, way), cell=0.9), name, run=here.trained,
                          caption=f"{caption}, at {percents(way)} of T.",
                          alt=f"Rows of {_SHOWN} pictures, one row for each of {percents(way)} of the noising")
