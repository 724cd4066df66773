"""S4.19: the network as it is given."""

import torch
from torch import Tensor, nn

from genloom.report.figures import canvas, styled
from genloom.report.numbers import at_most, near, number
from genloom.report.plots import lines
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context
from genloom.studies.letters.work import Setting, setting
from genloom.studies.study import Answer, deliverable


@deliverable("S4.19", "ScoreNet",
             question="Build the network of the score: eight linear layers with Softplus between them, which is given "
                      "a point and its noise level and whose output is divided by the noise level.")
def network(context: Context) -> Answer:
    """The layers, their parameters, and what the division by σ is for."""
    here = setting(context)
    model = here.trained.networks["denoiser"]
    width, sizes = here.recipe.network.width, _linear(model)
    count = sum(p.numel() for p in model.parameters())
    wanted = (2 + 1) * width + width + 6 * (width * width + width) + 2 * width + 2
    exact, learned, raw = _sizes(here)
    return Answer(
        text=_text(here, count, raw, exact),
        figures=(_figure(context, here, exact, learned, raw),),
        tables=(_table(model),),
        results=(
            near(Result(name="linear layers", value=len(sizes), known=8, known_name="the text"), 0),
            near(Result(name="parameters", value=count, known=wanted, known_name="counted by hand",
                        formula="(3w + w) + 6 (w² + w) + (2w + 2), w the width"), 0),
            at_most(Result(name="largest relative difference of the trained output's size from the exact one",
                           value=max(abs(a / b - 1) for a, b in zip(learned, exact, strict=True)), known=0.0,
                           known_name="exact score", formula="√(E‖σ s‖²/2), trained over exact, minus 1"), 0.15),
        ),
        formula="s(x, σ) = f(x, σ)/σ,  f = 8 linear layers with Softplus(u) = log(1 + eᵘ) between them",
        source="problem 5.1; Song & Ermon 2020, Technique 3",
    )


def _linear(model: nn.Module) -> list[nn.Linear]:
    return [layer for layer in model.modules() if isinstance(layer, nn.Linear)]


def _table(model: nn.Module) -> Table:
    rows, last = [], len(_linear(model))
    for i, layer in enumerate(_linear(model), 1):
        after = "Softplus" if i < last else "÷ σ"
        weights, biases = layer.weight.numel(), layer.bias.numel()
        rows.append((str(i), f"Linear({layer.in_features}, {layer.out_features})", after, number(weights),
                     number(biases), number(weights + biases)))
    return Table(header=("layer", "kind", "then", "weights", "biases", "parameters"), rows=tuple(rows),
                 caption="The layers in their order.")


@torch.no_grad()
def _sizes(here: Setting) -> tuple[list[float], list[float], list[float]]:
    """√(E‖σ s‖²/2) of the exact and of the trained score, and √(E‖s‖²/2) of the exact one, at each σ."""
    exact, learned = [], []
    model = here.denoiser("model")
    for sigma in here.sigmas:
        table = here.exact.table(sigma)
        points, share, eps = thin(table.points, table.share, table.eps)
        exact.append(float(share @ table_mean(eps)) ** 0.5)
        learned.append(float(share @ table_mean(model(points.float(), here.time(sigma)).eps.double().cpu())) ** 0.5)
    return exact, learned, [value / sigma for value, sigma in zip(exact, here.sigmas, strict=True)]


def table_mean(eps: Tensor) -> Tensor:
    """The mean square of the coordinates, (N,)."""
    return eps.square().mean(1)


def thin(points: Tensor, share: Tensor, eps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The rows of a table that carry any probability, with shares that sum to 1."""
    keep = share > 1e-9 * share.max()
    return points[keep], share[keep] / share[keep].sum(), eps[keep]


@styled()
def _figure(context: Context, here: Setting, exact: list[float], learned: list[float], raw: list[float]) -> Figure:
    figure, (left, right) = canvas(8.6, 3.3, 1, 2)
    sigma = torch.tensor(here.sigmas)
    lines(left, sigma, {"score s": raw, "σ · s": exact}, xlabel="noise level σ", ylabel="root mean square", log="xy")
    left.set_title("what has to be learned")
    lines(right, sigma, {"trained f = σ · s": learned}, known={"exact score": exact}, xlabel="noise level σ",
          ylabel="root mean square", log="x")
    right.set_ylim(0, 1)
    right.set_title("what the last layer gives")
    return context.figure(
        figure, "scale-by-sigma", run=here.trained,
        caption="Left: the size of the exact score and of σ times it. Right: the size of the trained network's output "
                "before the division by σ, on that of the exact score.",
        alt="Two line plots over the noise level: the score grows as σ falls, σ times the score changes far less, and "
            "the network's output follows it")


def _text(here: Setting, count: int, raw: list[float], exact: list[float]) -> tuple[str, ...]:
    return (
        f"The network has {number(count)} parameters, of which all but "
        f"{number(count - 6 * here.recipe.network.width * (here.recipe.network.width + 1))} are in the six square "
        "layers between the first and the last. Softplus has a derivative everywhere, so the field of scores that the "
        "network describes is smooth, as the score of a blurred density is; with ReLU it would be made of flat pieces "
        "with edges.",
        f"From σ = {number(here.sigmas[0], 3)} to {number(here.sigmas[-1], 3)} the exact score of these letters grows "
        f"from {number(raw[0], 3)} to {number(raw[-1], 3)}, a factor of {number(raw[-1] / raw[0], 3)}, because noise "
        f"of size σ pulls back with a force of order 1/σ. Times σ it only goes from {number(exact[0], 3)} to "
        f"{number(exact[-1], 3)}. So the division by σ leaves the layers a task of one size at all levels, and one "
        "learning rate fits all of them.",
    )
