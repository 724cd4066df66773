"""S2.19 and S2.20: the probability of points inside and outside the data, of the right class and of a wrong one."""

import math

from genloom.diffusion.likelihood import Bound
from genloom.recipes.build_points import PointsExperiment
from genloom.report.numbers import at_most, fixed, near, number
from genloom.report.results import Result, Table
from genloom.studies.context import Context
from genloom.studies.square.class_samples import place
from genloom.studies.square.density_map import map_figure, points_figure
from genloom.studies.square.likelihoods import DRAWS, FINE, FRESH, TRUTH, Likelihoods, Row, likelihoods, sampled_prior
from genloom.studies.square.runs import unconditional
from genloom.studies.square.setting import Setting, setting
from genloom.studies.study import Answer, deliverable


@deliverable("S2.19", "The probability of points",
             question="Estimate the probability of at least five points, inside and outside the data, among them one "
                      "location with two classes, and show them on top of the data.")
def s2_19(context: Context) -> Answer:
    """The complete bound, the flow's exact likelihood and the truth for each point; the text's bound beside them."""
    free, here = unconditional(context), setting(context)
    found = context.once("S2.19", lambda: likelihoods(free, here, context.seed, DRAWS, FRESH))
    assert isinstance(free.experiment, PointsExperiment)
    figures = [
        points_figure(context, free, here, [(row.name, row.point, row.label) for row in (*found.plain, *found.told)]),
        map_figure(context, free, free.experiment, sampled_prior(free.experiment)),
    ]
    return Answer(
        text=(_how_text(found), _erratum_text(found)),
        figures=figures,
        results=_results(context, found),
        tables=[
            _table(found.plain, here, "The unconditional model: log p(x), in nats."),
            _table(found.told, here, "The conditional model: log p(x | y), in nats."),
            _erratum_table(found),
        ],
        formula="log p(x) ≥ − T/2 E_(t,ε)[(1/σ²(t − 1/T) − 1/σ²(t)) ‖x − x̂0‖²] − KL(q(x_1|x) ‖ p_1) − log(2πe σ(0)²)",
        source="Kingma et al. 2021, Eq. 11 and 13; flow: Song et al. 2021, Eq. 39; the text's Eq. 9 has the "
        "first term alone",
    )


@deliverable("S2.20", "What the probabilities say",
             question="Describe the results: what happens when the location or the class of a point does not match the "
                      "data?")
def s2_20(context: Context) -> Answer:
    """The numbers of S2.19, read."""
    free, here = unconditional(context), setting(context)
    found = context.once("S2.19", lambda: likelihoods(free, here, context.seed, DRAWS, FRESH))
    right, wrong, near_right, near_wrong = found.told[0], found.told[1], found.told[4], found.told[5]
    drop = Result(name="log p((0, 0) | centre) − log p((0, 0) | left), bound", value=right.bound - wrong.bound,
                  known=right.exact_bound - wrong.exact_bound, known_name="exact denoiser")
    fit = near(
        Result(
            name="log p((0, 0) | centre), bound",
            value=right.bound,
            known=right.truth,
            known_name="−log(area of the region)",
        ),
        0.15,
    )
    return Answer(text=(_inside_text(found), _outside_text(found), _class_text(right, wrong, near_right, near_wrong)),
                  results=[fit, drop], formula="log p(x | y = k) = −log area(R_k) inside R_k, −∞ outside",
                  source="uniform density on a region")


def _results(context: Context, found: Likelihoods) -> list[Result]:
    coarse, fine = found.origin["model 1000"], found.origin[f"model {FINE}"]
    mean, error = found.divergence
    return [
        near(
            _bound_result(
                "bound at (0, 0), T = 1000",
                coarse,
                float(found.origin["exact 1000"].total),
                "exact denoiser, the same bound",
            ),
            0.05,
        ),
        near(_bound_result(f"bound at (0, 0), T = {FINE:,}", fine, TRUTH, "−log 4"), 0.05),
        near(
            Result(
                name="log p(0, 0) by the model's flow",
                value=found.flow,
                known=TRUTH,
                known_name="−log 4",
                seeds=(context.seed,),
            ),
            0.02,
        ),
        at_most(
            Result(
                name="KL(data ‖ model), by the flow",
                value=mean,
                interval=(mean - 1.96 * error, mean + 1.96 * error),
                unit="nats",
                n=FRESH,
                known=0.0,
                known_name="the exact density",
                seeds=(context.seed,),
            ),
            0.1,
        ),
        near(
            Result(
                name="largest error of the flow's log p with the exact denoiser",
                value=found.flow_error,
                known=0.0,
                known_name="closed form",
            ),
            1e-6,
        ),
    ]


def _bound_result(name: str, bound: Bound, known: float, known_name: str) -> Result:
    value, half = float(bound.total), 1.96 * float(bound.stderr)
    return Result(
        name=name, value=value, interval=(value - half, value + half), known=known, known_name=known_name, n=4 * DRAWS
    )


def _table(rows: list[Row], here: Setting, caption: str) -> Table:
    return Table(
        header=(
            "point",
            "location",
            "class",
            "bound ± s.e., model",
            "flow, model",
            "bound, exact denoiser",
            "exact, blurred by σ(0)",
            "data",
        ),
        rows=tuple(
            (
                row.name,
                place(row.point),
                "—" if row.label is None else here.names[row.label],
                f"{_nats(row.bound)} ± {number(row.stderr, 1)}",
                _nats(row.flow),
                _nats(row.exact_bound),
                _nats(row.exact),
                _nats(row.truth),
            )
            for row in rows
        ),
        caption=caption,
    )


def _nats(value: float) -> str:
    return number(value) if math.isinf(value) else fixed(value, 3 if abs(value) < 100 else 0)


def _erratum_table(found: Likelihoods) -> Table:
    model, exact = found.origin["model 1000"], found.origin["exact 1000"]
    rows = [
        ("−L_T alone, as the text has it", model.diffusion, exact.diffusion),
        ("prior term", model.prior, exact.prior),
        ("reconstruction term", model.reconstruction, exact.reconstruction),
        ("complete bound", model.total, exact.total),
        (f"complete bound, T = {FINE:,}", found.origin[f"model {FINE}"].total, found.origin[f"exact {FINE}"].total),
        ("with the mean over coordinates instead of the sum", found.origin["mean"].total, None),
        ("with p_1 taken for N(0, I)", found.origin["standard"].total, None),
    ]
    return Table(header=("at (0, 0), T = 1000", "model", "exact denoiser"),
                 rows=(*((name, _nats(float(a)), "—" if b is None else _nats(float(b))) for name, a, b in rows),
                       ("truth: −log 4", _nats(TRUTH), _nats(TRUTH))), caption="What belongs to the bound, and what "
                                                                               "common mistakes make of it.")


def _how_text(found: Likelihoods) -> str:
    middle, mean = found.plain[0], found.divergence
    return ("Two estimates stand beside the truth. The bound averages how well the model restores the point from noise "
            "of all sizes; the flow's likelihood follows the point to t = 1 and adds up the volume that it gains, "
            "which is exact for the model as a density. For the unconditional model p_1 is the normal that its "
            "sampling starts from, for the conditional one the exact p_1(x | y). At (0, 0) the bound is "
            f"{fixed(middle.bound, 3)} and the flow {fixed(found.flow, 3)}, where −log 4 = {fixed(TRUTH, 4)}. Over "
            f"fresh data the flow's density differs from the truth by KL = {fixed(mean[0], 3)} ± {fixed(mean[1], 3)} "
            "nats. The tables' flow is solved to a tolerance of 1e−4 for speed, which moves log p by about .005. Both "
            "estimates are of the data blurred by σ(0) = e⁻⁵, which is why the border point has half the "
            "density.")


def _erratum_text(found: Likelihoods) -> str:
    model, exact, fine = found.origin["model 1000"], found.origin["exact 1000"], found.origin[f"exact {FINE}"]
    return (f"The text calls −L_T the bound. Alone it is {fixed(float(model.diffusion), 3)} at (0, 0), a density "
            f"e^{fixed(TRUTH - float(model.diffusion), 1)} times too small: it lacks the reconstruction term −log(2πe "
            f"σ(0)²) = +{fixed(float(model.reconstruction), 3)} and the prior term {fixed(float(model.prior), 3)}. "
            f"Complete it is {fixed(float(model.total), 3)}; the exact denoiser has {fixed(float(exact.total), 3)}, so "
            f"the rest of the distance to −log 4 is the 1000 steps': at T = {FINE:,} the exact denoiser's bound is "
            f"{fixed(float(fine.total), 3)}. A mean over the two coordinates where the sum belongs gives "
            f"{fixed(float(found.origin['mean'].total), 3)}, an impossible density; and N(0, I) for p_1 gives "
            f"{fixed(float(found.origin['standard'].total), 3)} here, closer only because it is too high at the "
            "middle.")


def _inside_text(found: Likelihoods) -> str:
    inside = [row for row in found.plain if row.truth > -math.inf and row.exact > TRUTH - 0.1]
    low, high = min(row.bound for row in inside), max(row.bound for row in inside)
    best = sum(row.exact_bound for row in inside) / len(inside)
    flow, bound = (max(map(abs, off)) for off in (
        [row.flow - row.exact for row in inside], [row.bound - row.exact_bound for row in inside]))
    return ("Inside the square all points are equally likely, and the model nearly agrees: the bounds of "
            f"{', '.join(row.name for row in inside)} lie between {fixed(low, 3)} and {fixed(high, 3)}, where "
            f"{fixed(TRUTH, 3)} is right and a bound of 1000 steps can reach {fixed(best, 3)}. They differ "
            f"from the exact denoiser's by up to {fixed(bound, 2)}, the flow's likelihoods from the truth by up to "
            f"{fixed(flow, 2)}: small hills and dales that the network has learned between its training points. "
            "Bound and flow judge it by different errors, so the one need not be below the other: a bound it is for "
            "the sampler that adds noise, and the flow has a density of its own, unless the network is the exact "
            "denoiser.")


def _outside_text(found: Likelihoods) -> str:
    outside = [row for row in found.plain if row.truth == -math.inf]
    first, last = outside[0], outside[-1]
    return (f"Outside, where the data's log-density is −∞, both fall steeply: at {place(first.point)}, a tenth beyond "
            f"the border, to {fixed(first.bound, 1)} (bound) and {fixed(first.flow, 0)} (flow), at {place(last.point)} "
            f"to {fixed(last.bound, 0)} and {fixed(last.flow, 0)}. The exact values of the blurred square are "
            f"{fixed(first.exact, 0)} and {fixed(last.exact, 0)}. So each says clearly that the point is not of the "
            "data, but how unlikely it is nobody should quote: in training no point was ever seen there at small "
            "noise, so that the network extrapolates. The exact denoiser's own bound is right: it is "
            f"{fixed(first.exact_bound, 0)} and {fixed(last.exact_bound, 0)}.")


def _class_text(right: Row, wrong: Row, near_right: Row, near_wrong: Row) -> str:
    return ("The class decides as the location does. (0, 0) is in the middle of the centre: told “centre” it has "
            f"{fixed(right.bound, 3)} (truth {fixed(right.truth, 3)}), told “left” {fixed(wrong.bound, 1)}: what was "
            f"likely is then e^{fixed(right.bound - wrong.bound, 0)} times less so (exactly: "
            f"e^{fixed(right.exact_bound - wrong.exact_bound, 0)}; here too the network extrapolates), though the "
            "same point, since p(x | left) has nothing there. Near a border the two classes differ less: "
            f"{place(near_right.point)} has "
            f"{fixed(near_right.bound, 3)} as centre and {fixed(near_wrong.bound, 1)} as left, 0.05 from its region "
            f"(exactly: {fixed(near_wrong.exact, 1)}). Inside its region a point of the centre has density 1 and one "
            "of an arm 4/3, not 1/4: knowing the class makes the point easier to predict.")
