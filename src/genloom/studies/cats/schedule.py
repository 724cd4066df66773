"""S3.16: the cosine schedule."""

import torch

from genloom.diffusion.schedule import cosine
from genloom.report.figures import canvas
from genloom.report.numbers import at_most, near, number
from genloom.report.plots import lines
from genloom.report.results import Figure, Result
from genloom.studies.cats.work import T, tables
from genloom.studies.context import Context
from genloom.studies.study import Answer, deliverable

_LENGTHS = (50, 300, 1000)


@deliverable("S3.16", "The cosine schedule",
             question="Compute α_t and ᾱ_t of the cosine schedule with s = 0.008, α_t clipped to [0.001, 1].")
def schedule(context: Context) -> Answer:
    """The schedule beside the text's formula, and what the clipping does to its end."""
    text = tables(T)
    unclipped = _unclipped(T)
    raw = 1 / float(text.alpha_bar[-1]) ** 0.5
    return Answer(
        text=(
            f"The last α would be {number(unclipped, 2)}, so that nothing of the picture is left; clipped to "
            f"0.001, ᾱ_T is {number(float(text.alpha_bar[-1]), 3)}. Only after clipping may ᾱ_t be taken, as the "
            "product of the α_t: the unclipped ᾱ_t would no longer belong to them.",
            f"x̂_0 is made from x_t by a division by √ᾱ_t, at t = T by {number(1 / raw, 3)}. An error of the network of "
            f"0.01 is then one of {number(0.01 * raw, 3)} in x̂_0, in pictures that reach from −1 to 1: this is why "
            "S3.18 clamps x̂_0.",
        ),
        figures=(_figure(context),),
        results=(
            *(_agrees(steps) for steps in _LENGTHS),
            near(Result(name="ᾱ_T at T = 50", value=float(cosine(T).level(1.0).alpha) ** 2, known=9.7e-7,
                        known_name="computed by hand"), 5e-9),
            Result(name="terminal SNR at T = 50", value=cosine(T).terminal_snr,
                   formula="ᾱ_T/(1 − ᾱ_T): what sampling, which starts from pure noise, leaves out"),
        ),
        formula="f(t) = cos²((t/T + s)/(1 + s) · π/2),  α_t = clip(f(t)/f(t−1), 0.001, 1),  ᾱ_t = α_1 ⋯ α_t",
        source="Nichol & Dhariwal 2021, Eq. 17; problem text, Eq. 16",
    )


def _agrees(steps: int) -> Result:
    ours, text = cosine(steps), tables(steps)
    t = torch.arange(1, steps + 1, dtype=torch.float64) / steps
    difference = (torch.as_tensor(ours.level(t).alpha) ** 2 - text.alpha_bar).abs().max().item()
    return at_most(Result(name=f"largest difference of ᾱ_t from the text's formula, T = {steps}", value=difference,
                          known=0.0, known_name="the text's formula", n=steps), 1e-12)


def _unclipped(steps: int) -> float:
    before, last = ((torch.tensor((t / steps + 0.008) / 1.008 * torch.pi / 2, dtype=torch.float64).cos() ** 2).item()
                    for t in (steps - 1, steps))
    return last / before


def _figure(context: Context) -> Figure:
    figure, (left, right) = canvas(8.6, 3.2, 1, 2)
    for steps in _LENGTHS[:2]:
        text = tables(steps)
        t = torch.arange(1, steps + 1) / steps
        lines(left, t, {f"T = {steps}": text.alpha}, xlabel="t/T", ylabel="α_t")
        lines(right, t, {f"T = {steps}": text.alpha_bar}, xlabel="t/T", ylabel="ᾱ_t")
    for axes, line in ((left, 0), (left, 1), (right, 0), (right, 1)):
        axes.get_lines()[line].set_color(("#0072b2", "#d55e00")[line])
    left.legend()
    right.legend()
    return context.figure(figure, "schedule", caption="α_t and ᾱ_t of the cosine schedule, for 50 and 300 steps.",
                          alt="Two line plots over t/T: α_t falls to 0.001 at the end, ᾱ_t falls from 1 to 0 like a "
                              "squared cosine")
