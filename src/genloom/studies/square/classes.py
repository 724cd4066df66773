"""S2.13 to S2.15: the model that is told a class: its layers, its data, and what the class changes."""

import torch
from torch import Tensor

from genloom.metrics.interval import wilson_interval
from genloom.recipes.judge_points import judge_loss
from genloom.report.figures import canvas, styled
from genloom.report.numbers import at_least, fixed, number
from genloom.report.plots import outlines, plane, scatter
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context
from genloom.studies.square.class_loss import layers, loss_by_time, loss_figure
from genloom.studies.square.setting import Setting, legend, setting
from genloom.studies.study import Answer, deliverable


@deliverable("S2.13", "A model that is told the class",
             question="Train a conditional model of at least five classes, with an embedding of the class and a layer "
                      "that mixes it with the input.")
def s2_13(context: Context) -> Answer:
    """The layers, and the loss on fresh data beside the smallest that is possible."""
    here = setting(context)
    loss = judge_loss(here.experiment, here.trained.networks)
    curves = context.once("S2.13 loss by time", lambda: loss_by_time(here, context.seed))
    told, hidden, wrong = (float(curve.mean()) for curve in (curves.told, curves.hidden, curves.wrong))
    best, blind = float(curves.best.mean()), float(curves.blind.mean())
    extra = (
        Result(
            name="ε loss when the class is hidden",
            value=hidden,
            known=blind,
            known_name="Bayes optimum without class",
            n=curves.drawn,
            formula="null class y = ∅ at every time",
        ),
        Result(
            name="ε loss when told a wrong class",
            value=wrong,
            known=told,
            known_name="told the right class",
            n=curves.drawn,
            formula="y + 1 instead of y",
        ),
    )
    assert loss.value is not None
    assert loss.known is not None
    text = (
        f"The class is one of {here.classes} vectors (a sixth one means “no class”); it stands beside the point and "
        "the time at the input of the first linear layer, which mixes the three. Everything after it is the network of "
        f"the unconditional model. On {loss.n:,} fresh points, whose classes it is told, its loss is "
        f"{number(loss.value)}: {number(loss.value - loss.known, 2)} above {number(loss.known)}, the least that any "
        "denoiser can reach.",
        f"Knowing the class is worth {number(blind - best, 3)} of loss: without it the optimum is {number(blind)}. The "
        f"same network with its class hidden reaches {number(hidden)}; told a wrong class it is at {number(wrong)}, "
        "worse than not being told at all, so it does listen. The figure shows when: at small σ the point itself says "
        "in which region it is, at large σ it says nothing, and the class is what is left to know.",
    )
    return Answer(text=text, figures=[loss_figure(context, here, curves)], tables=[layers(here)],
                  results=[loss, *extra], formula="min_θ E_(x0,y),ε,t ‖ε − ε_θ(x0 + σ(t) ε, t, y)‖²",
                  source="S2 §2.2.2; optimum E[ε | x_t, y] of the regions in closed form")


@deliverable("S2.14", "The data by class", question="Plot the input, its points coloured by their classes.")
def s2_14(context: Context) -> Answer:
    """The regions, their areas and how many points fell into each."""
    here = setting(context)
    data, shares = here.experiment.data, here.boxes.weights
    assert data.labels is not None
    counts = torch.bincount(data.labels, minlength=here.classes)
    expected = shares * len(data.points)
    statistic = float(((counts - expected) ** 2 / expected).sum())
    p_value = _chi_square_p(statistic, here.classes - 1)
    rows = [_region_row(here, k, counts) for k in range(here.classes)]
    result = at_least(Result(name="p-value: points per class against the areas", value=p_value, n=len(data.points),
                             known=0.5, known_name="uniform on [0, 1] for uniform points",
                             formula=f"χ² = {number(statistic, 3)} with {here.classes - 1} degrees of freedom"), 1e-3)
    sizes = sorted({float(volume) for volume in here.boxes.volumes})
    text = (f"{len(data.points):,} points, in {here.classes} regions that tile the square and have "
            f"{len(sizes)} different areas, {' and '.join(number(size, 3) for size in sizes)}: a centre, and four "
            "arms around it like a pinwheel, so that neither coordinate alone gives the class away. Each class "
            "has its share of the points up to chance.",)
    return Answer(
        text=text,
        figures=[_data_figure(context, here)],
        results=[result],
        tables=[
            Table(
                header=("class", "region", "area", "share of the square", "points", "share of the points"),
                rows=tuple(rows),
            )
        ],
        formula="y = k  ⇔  x0 ∈ R_k",
        source="S2 §2.2.2, conditional 1",
    )


@deliverable("S2.15", "How the class enters", question="How was the condition inserted, and which equations change?")
def s2_15(context: Context) -> Answer:
    """What becomes conditional: denoiser, loss, score, sampling, its start, and the likelihood."""
    here = setting(context)
    start = _starts(here)
    moved = float(start["offset"].max())
    text = (
        "The class is a vector e_y from a table that is learned with the network; the first linear layer takes "
        "[x_t, τ(t), e_y] and so computes W_x x_t + W_τ τ(t) + W_y e_y + b: each class moves the hidden units by an "
        "amount of its own, which depends on neither x nor t, and the layers after it make of this what depends on "
        "both.",
        "What does not change: the forward process, for noise knows nothing of classes; S(t), σ(t), the step of the "
        "sampler and the conversion x̂0 = x_t − σ(t) ε̂. What changes is in the table: wherever the denoiser stands, "
        "it is given y, and every expectation is one over pairs (x0, y).",
        "One change is easily missed: the start. Sampling class y begins at p_1(x | y), the class blurred by σ(1) = "
        f"1, whose mean lies up to {number(moved, 3)} from that of p_1(x). S2.18 measures what starting all classes "
        "from p_1(x) costs.",
        f"In training {here.experiment.recipe.diffusion.label_dropout:.0%} of the classes are hidden behind the null "
        "class, so that the same network is an unconditional model too. That is not needed for conditional sampling; "
        "it is what classifier-free guidance, ε̂ = ε_θ(x, t, ∅) + w (ε_θ(x, t, y) − ε_θ(x, t, ∅)), takes its "
        "difference from (S2.18).",
    )
    starts = Table(header=("class", "mean of p_1(x | y)", "standard deviations", "distance from the mean of p_1(x)"),
                   rows=tuple(_start_row(here, start, k) for k in range(here.classes)),
                   caption="Where sampling starts: known in closed form, since p_1(x | y) is the region blurred by "
                           "σ(1).")
    return Answer(text=text, tables=[_EQUATIONS, starts], formula="ε_θ(x, t, y) ≈ E[ε | x_t = x, y] = −σ(t) ∇ log "
                                                                  "p_t(x | y)",
                  source="S2 §2.2.2, conditional 2; Ho & Salimans 2022, Eq. 6")


_EQUATIONS = Table(header=("equation of the text", "unconditional", "conditional"), rows=(
    ("forward process, 4", "x_t = x0 + σ(t) ε", "the same (the text writes σ²(t): an erratum)"),
    ("denoiser", "ε_θ(x_t, t)", "ε_θ(x_t, t, y)"),
    ("loss, §2.1.2", "E over x0, ε, t of ‖ε − ε_θ(x_t, t)‖²", "E over (x0, y), ε, t of ‖ε − ε_θ(x_t, t, y)‖²"),
    ("score", "∇ log p_t(x) = −ε̂/σ", "∇ log p_t(x | y) = −ε̂(x, t, y)/σ"),
    ("reverse process, 7", "dx = −σ̇ σ ∇ log p_t(x) dt", "dx = −σ̇ σ ∇ log p_t(x | y) dt, y fixed from start to end"),
    ("clean estimate, 8", "x̂0 = x_t − σ ε_θ(x_t, t)", "x̂0 = x_t − σ ε_θ(x_t, t, y)"),
    ("start", "x_1 ~ p_1(x)", "x_1 ~ p_1(x | y)"),
    ("bound, 9", "log p(x) ≥ …", "log p(x | y) ≥ the same with x̂0(x_t, t, y) and p_1(x | y)"),
), caption="Which equations change.")


@styled()
def _data_figure(context: Context, here: Setting) -> Figure:
    figure, (axes,) = canvas(5.6, 4.6)
    data = here.experiment.data
    scatter(axes, data.points, data.labels, size=9, alpha=0.8)
    outlines(axes, here.boxes.low, here.boxes.high)
    legend(figure, here.names)
    plane(axes, *((-1.12, -1.12), (1.12, 1.12)))
    axes.set(xlabel="x", ylabel="y")
    return context.figure(figure, "s2-14-classes", run=here.trained,
                          caption=f"The {len(data.points):,} training points; dashed: the borders of the five regions.",
                          alt="A square filled with points in five colours: a central square and four arms around it "
                              "like a pinwheel")


def _region_row(here: Setting, k: int, counts: Tensor) -> tuple[str, ...]:
    (x0, y0), (x1, y1) = here.boxes.low[k].tolist(), here.boxes.high[k].tolist()
    share = wilson_interval(int(counts[k]), int(counts.sum()))
    return (
        here.names[k],
        f"[{_end(x0)}, {_end(x1)}] × [{_end(y0)}, {_end(y1)}]",
        number(float(here.boxes.volumes[k]), 3),
        fixed(float(here.boxes.weights[k]), 4),
        f"{int(counts[k]):,}",
        f"{fixed(share.value, 3)} [{fixed(share.low, 3)}, {fixed(share.high, 3)}]",
    )


def _end(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def _chi_square_p(statistic: float, freedom: int) -> float:
    from scipy import stats

    return float(stats.chi2.sf(statistic, freedom))


def _starts(here: Setting) -> dict[str, Tensor]:
    """Mean and standard deviations of p_1(x | y), and how far the mean is from that of p_1(x).

    One row for each class.
    """
    sigma = float(here.experiment.schedule.level(1.0).sigma)
    mean = (here.boxes.low + here.boxes.high) / 2
    std = ((here.boxes.high - here.boxes.low) ** 2 / 12 + sigma**2).sqrt()
    return {"mean": mean, "std": std, "offset": (mean - here.boxes.weights @ mean).norm(dim=1)}


def _start_row(here: Setting, start: dict[str, Tensor], k: int) -> tuple[str, ...]:
    (x, y), (sx, sy) = start["mean"][k].tolist(), start["std"][k].tolist()
    return (
        here.names[k],
        f"({fixed(x, 2)}, {fixed(y, 2)})",
        f"{fixed(sx, 3)}, {fixed(sy, 3)}",
        fixed(float(start["offset"][k]), 3),
    )
