"""S0.9: linear and sparse attention in place of the full one, on the same budget."""

from collections.abc import Sequence
from statistics import fmean

from genloom.forecasting.attention.kinds import KINDS
from genloom.metrics.interval import mean_interval
from genloom.report.numbers import fixed, measured, near, number
from genloom.report.results import Result, Table
from genloom.report.run_page import training_seconds
from genloom.studies.context import Context
from genloom.studies.forecasting.curves import curve
from genloom.studies.forecasting.tested import between
from genloom.studies.forecasting.work import (
    Model,
    beside,
    ends,
    experiment,
    less,
    of_kind,
    on_test,
    over_seeds,
    sizes,
    windows_of,
)
from genloom.studies.study import Answer, deliverable

NAMED = ("performer", "strided", "fixed")
"""Those that the assignment points to."""


def others(context: Context) -> tuple[str, ...]:
    """Every kind that was trained but the full one."""
    return tuple(kind for kind in sizes(context).kinds if kind != "full")


@deliverable("S0.9", "Linear and sparse attention",
             question="Adopt an extra technique, such as linear attention or sparse attention.")
def techniques(context: Context) -> Answer:
    """Test errors of every kind with the same budget as full attention, and their difference."""
    full = of_kind(context, "full")
    recipe = full[0].experiment.recipe
    return Answer(
        text=(f"Self-attention of encoder and decoder is exchanged, all else is the same: width "
              f"{recipe.network.width}, {recipe.engine.steps:,} steps at most, weights, batches and choice by "
              "validation. Attention of the decoder to the encoder stays full, since its lengths differ.",
              "Performer replaces exp(q · k) by φ(q) · φ(k) with positive random features, so that sums over keys are "
              "taken once for all queries. Sparse attention leaves scores out: strided looks at the last "
              f"{experiment(context).period} rows and every {experiment(context).period}th before them, which are the "
              "last day and the same hour of other days; fixed looks at its own block of a day and at the last places "
              "of earlier ones; local at neighbours.",
              _told(context, full)),
        tables=(_table(context),),
        results=(*_errors(context, full), *_budget(context)),
        formula="; ".join(f"{kind}: {KINDS[kind].cost}" for kind in sizes(context).kinds),
        source="Choromanski et al. 2021; Child et al. 2019; Katharopoulos et al. 2020",
    )


def paired(context: Context, kind: str) -> tuple[float, ...]:
    """Test MSE less that of full attention with the same seed."""
    return tuple(on_test(context, mine).scaled.mse - on_test(context, theirs).scaled.mse
                 for mine, theirs in zip(of_kind(context, kind), of_kind(context, "full"), strict=False))


def _told(context: Context, full: Sequence[Model]) -> str:
    gaps = {kind: mean_interval(paired(context, kind)) for kind in others(context)}
    told = [kind for kind, gap in gaps.items() if gap.n > 1 and (gap.low > 0 or gap.high < 0)]
    level = over_seeds(full, context)
    return (f"Full attention has {number(level.value, 3)} over {level.n} seeds. Seed by seed, the kinds whose error "
            f"differs from it by more than seeds explain: {', '.join(told) or 'none'}. Kinds with one seed say nothing "
            "about that.")


def _table(context: Context) -> Table:
    horizon = experiment(context).recipe.window.horizon
    full, rows = of_kind(context, "full"), []
    for kind in sizes(context).kinds:
        models = of_kind(context, kind)
        found = mean_interval([on_test(context, each).scaled.mse for each in models])
        gap = mean_interval(paired(context, kind))
        blocks = less(windows_of(models, context), windows_of(full[: len(models)], context), horizon)
        seconds = [training_seconds(each.trained.path / "timing.jsonl") / max(1, curve(each).steps[-1])
                   for each in models]
        rows.append((kind, KINDS[kind].cost, measured(Result(name="", value=found.value, interval=ends(found))),
                     ", ".join(fixed(on_test(context, each).scaled.mse, 4) for each in models),
                     "—" if kind == "full" else measured(Result(name="", value=gap.value, interval=ends(gap))),
                     "—" if kind == "full" else f"{fixed(blocks.value, 3)} {between(blocks)}",
                     fixed(fmean(min(curve(each).valid) for each in models), 4), f"{fmean(seconds) * 1e3:.0f}"))
    return Table(header=("attention", "cost", "test MSE", "each seed", "less full, seeds", "less full, blocks",
                         "validation", "ms a step"), rows=tuple(rows),
                 caption="± is Student's 95 % interval over seeds, paired by seed for differences; blocks are those of "
                         "the horizon in the test part. Times are those of training, whatever else the machine did.")


def _errors(context: Context, full: Sequence[Model]) -> tuple[Result, ...]:
    known, results = over_seeds(full, context), []
    for kind in others(context):
        models = of_kind(context, kind)
        found = over_seeds(models, context)
        results.append(Result(name=f"test MSE, {kind} attention", value=found.value, known=known.value,
                              known_name="full attention, same budget", n=len(models[0].experiment.parts.test),
                              interval=ends(found), seeds=tuple(each.experiment.recipe.engine.seed for each in models),
                              source=KINDS[kind].source))
    train = beside(context)["train-mean"].scaled.mse
    return (Result(name="test MSE, full attention at this width", value=known.value, known=train, interval=ends(known),
                   known_name="train-mean", seeds=tuple(each.experiment.recipe.engine.seed for each in full)), *results)


def _budget(context: Context) -> tuple[Result, ...]:
    every = (of_kind(context, kind)[0].forecaster for kind in sizes(context).kinds)
    counts = {sum(p.numel() for p in each.parameters()) for each in every}
    return (near(Result(name="numbers of parameters that differ from full attention's", value=len(counts) - 1, known=0,
                        known_name="the same network", n=len(sizes(context).kinds)), 0),)
