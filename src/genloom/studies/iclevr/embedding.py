"""S1.2: how a network is told a set of labels, and what it has learned of them."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn

from genloom.data.images.labelsets import COLOURS, SHAPES
from genloom.nn.conditioning import LabelSetEmbedding
from genloom.report.figures import COLORS, DASHED, DIVERGING, KNOWN, canvas, styled
from genloom.report.numbers import at_most, near, number
from genloom.report.plots import colorbar
from genloom.report.results import Figure, Result
from genloom.rng import generator
from genloom.studies.context import Context
from genloom.studies.iclevr.work import ddpm, gan_recipe, names
from genloom.studies.study import Answer, deliverable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

_SHUFFLES = 5000
_ROUNDING = 1e-12
_SIGNIFICANT = 0.01
KINDS = ("same colour", "same shape", "nothing shared")


class Learned(NamedTuple):
    """What the embedding of 24 objects knows of their colours and shapes.

    table      (24, D), objects with their mean taken away
    cosines    (24, 24)
    means      mean cosine of two objects that share a colour, a shape, or neither
    explained  share of the table's variance that colour and shape add up to, and what chance explains
    p          share of renamings of the objects that explain as much
    """

    table: Tensor
    cosines: Tensor
    means: Mapping[str, float]
    explained: float
    chance: float
    p: float


@deliverable("S1.2", "Label embedding",
             question="Embed the labels: how is a network told which objects to draw?")
def embedding(context: Context) -> Answer:
    """Sum and tokens, and the learned vectors beside vectors that know nothing of colours and shapes."""
    found = context.once("embedding", lambda: learned(of(ddpm(context).trained.networks["denoiser"]), names(context)))
    return Answer(
        text=(_ways(context), _sum(), _learned(found)),
        figures=(_figure(context, found),),
        results=(
            near(Result(name="largest difference of a set's embedding from the sum of its objects'", known=0,
                        value=_additive(context), known_name="e(y) = Σ y_k e_k, in float64", n=64), _ROUNDING),
            Result(name="variance of the objects' vectors that colour + shape explain", value=found.explained,
                   known=found.chance, known_name="9 of 23 degrees of freedom, by chance", n=24),
            at_most(Result(name="random renamings of the objects that explain as much", value=found.p, n=_SHUFFLES,
                           known=1 / 2, known_name="on average, had nothing been learned"), _SIGNIFICANT),
            *(Result(name=f"mean cosine of two objects, {kind}", value=mean, known=-1 / 23,
                     known_name="vectors without structure, whose mean is 0") for kind, mean in found.means.items()),
        ),
        formula="e(y) = Σ_k y_k e_k,   e(∅) its own;   tokens: {e_k : y_k = 1}",
        source="Mikolov et al. 2013; Perez et al. 2018 (sum); Rombach et al. 2022, §3.3 (tokens)",
    )


def of(network: nn.Module) -> LabelSetEmbedding:
    """The embedding of label sets in a denoising network."""
    return next(part for part in network.modules() if isinstance(part, LabelSetEmbedding))


@torch.no_grad()
def learned(found: LabelSetEmbedding, objects: tuple[str, ...]) -> Learned:
    """Look at the vectors of objects called "COLOUR SHAPE"; that of the empty set is left out."""
    table = found.table.weight[: found.labels].detach().cpu().double()
    table = table - table.mean(0)
    unit = table / table.norm(dim=1, keepdim=True)
    cosines = unit @ unit.T
    colour, shape = _attributes(objects)
    same_colour, same_shape = colour[:, None] == colour, shape[:, None] == shape
    apart = ~torch.eye(len(objects), dtype=torch.bool)
    groups = (same_colour & apart, same_shape & apart, ~same_colour & ~same_shape)
    means = {kind: float(cosines[which].mean()) for kind, which in zip(KINDS, groups, strict=True)}
    design = _design(colour, shape)
    explained = _share(design, table)
    orders = torch.stack([torch.randperm(len(objects), generator=generator(0, 0x454D42, k)) for k in range(_SHUFFLES)])
    as_much = sum(_share(design, table[order]) >= explained for order in orders) / _SHUFFLES
    free = len(COLOURS) - 1 + len(SHAPES) - 1
    return Learned(table, cosines, means, explained, free / (len(objects) - 1), as_much)


def _attributes(objects: tuple[str, ...]) -> tuple[Tensor, Tensor]:
    words = [tuple(name.split()) for name in objects]
    return (torch.tensor([COLOURS.index(colour) for colour, _ in words]),
            torch.tensor([SHAPES.index(shape) for _, shape in words]))


def _design(colour: Tensor, shape: Tensor) -> Tensor:
    """An orthonormal basis of what colour and shape can add up to, without the mean: (24, 9)."""
    columns = torch.cat((nn.functional.one_hot(colour), nn.functional.one_hot(shape)), 1).double()
    basis, sizes, _ = torch.linalg.svd(columns - columns.mean(0), full_matrices=False)
    kept: Tensor = basis[:, sizes > 1e-9]
    return kept


def _share(design: Tensor, table: Tensor) -> float:
    return float((design.T @ table).square().sum() / table.square().sum())


@torch.no_grad()
def _additive(context: Context) -> float:
    """The embedding of random sets beside the sum of rows of the table, float64."""
    found, random = of(ddpm(context).trained.networks["denoiser"]), generator(context.seed, 0x534554)
    table = found.table.weight.detach().cpu().double()
    twin = LabelSetEmbedding(found.labels, table.shape[1]).double()
    twin.table.weight.copy_(table)
    sets = (torch.rand(64, found.labels, generator=random) < 2 / found.labels).double()
    sets[0] = 0
    known = [table[row.nonzero()[:, 0]].sum(0) if row.any() else table[-1] for row in sets]
    return float((twin(sets) - torch.stack(known)).abs().max())


def _ways(context: Context) -> str:
    here, other = ddpm(context).recipe.network, gan_recipe(context).network
    attends = ("every place of the picture attends to them through cross-attention" if here.kind == "unet" else
               "they stand beside the patches, which attend to them")
    told = {"tokens": f"the sum, and each label of the set as a token of its own: {attends}", "labels": "the sum alone"}
    generator_told = {"concatenate": "y stands beside the noise", "multiply": "the noise is multiplied by a function "
                      "of y", "norm": "scale and shift of each batch norm are functions of y"}
    judging = {"planes": "y is one more plane of the picture", "projection": "the sum of its labels' vectors is "
               "projected on the features", "auxiliary": "it names the labels itself",
               "projection+auxiliary": "the sum of its labels' vectors is projected on the features, and it names the "
               "labels itself"}
    return (f"The DDPM is told {told.get(here.conditioning, here.conditioning)}. In the GAN's generator "
            f"{generator_told.get(other.told, other.told)}; in its discriminator "
            f"{judging.get(other.judging, other.judging)}. Everything is linear in y, so that a set is a set: it has "
            "no order. The empty set has a vector of its own, which takes the place of the labels in a share of the "
            "training steps; classifier-free guidance needs it.")


def _sum() -> str:
    return ("A sum of 24 vectors tells all sets apart as long as the vectors are linearly independent, but which "
            "object is where, and that two of them are meant, the network must find out itself from one vector. "
            "Tokens keep the objects apart: a place of the picture can ask for one of them. What that is worth on one "
            "small budget is measured in S1.23.")


def _learned(found: Learned) -> str:
    width, (colour, shape, other) = found.table.shape[1], found.means.values()
    return (f"Nobody tells the network that \"red cube\" and \"red sphere\" share a colour: objects are 24 numbers. "
            f"After training the vectors of two objects that share a colour have a mean cosine of "
            f"{number(colour, 2)}, those that share a shape {number(shape, 2)}, and all others {number(other, 2)}; the "
            "standard deviation of a cosine of two random "
            f"vectors of {width} numbers is {number(1 / math.sqrt(width), 2)}. A vector for each colour plus one for "
            f"each shape explains {found.explained:.0%} of the vectors' variance, where chance explains "
            f"{found.chance:.0%}.")


def _figure(context: Context, found: Learned) -> Figure:
    figure, (left, right) = canvas(9.4, 4.3, 1, 2, width_ratios=(1.35, 1))
    order = [names(context).index(f"{colour} {shape}") for colour in COLOURS for shape in SHAPES]
    _matrix(figure, left, found.cosines[order][:, order])
    _spread(right, found, names(context))
    said = ", ".join(f"{kind} {number(mean, 2)}" for kind, mean in found.means.items())
    return context.figure(figure, "embedding", run=ddpm(context).trained,
                          caption="Cosines of the learned vectors of the 24 objects, their mean taken away: all pairs, "
                                  "the three shapes of each colour together, and by what two objects share. Dashed: "
                                  "vectors without structure.",
                          alt=f"A matrix of 24 × 24 cosines in blocks of three, and three columns of points; means: "
                              f"{said}")


@styled()
def _matrix(figure: "Canvas", axes: "Axes", cosines: Tensor) -> None:
    limit = float((cosines - torch.eye(len(cosines))).abs().max())
    shown = axes.imshow(cosines.numpy(), cmap=DIVERGING, vmin=-limit, vmax=limit)
    middles = [len(SHAPES) * k + 1 for k in range(len(COLOURS))]
    axes.set_xticks(middles, COLOURS, rotation=45, ha="right")
    axes.set_yticks(middles, COLOURS)
    axes.grid(visible=False)
    for k in range(1, len(COLOURS)):
        axes.axhline(len(SHAPES) * k - 0.5, color="white", linewidth=0.8)
        axes.axvline(len(SHAPES) * k - 0.5, color="white", linewidth=0.8)
    axes.set_title(f"each block: {', '.join(SHAPES)}")
    colorbar(figure, shown, axes, "cosine")


@styled()
def _spread(axes: "Axes", found: Learned, objects: tuple[str, ...]) -> None:
    colour, shape = _attributes(objects)
    upper = torch.ones(len(objects), len(objects)).triu(1).bool()
    same_colour, same_shape = colour[:, None] == colour, shape[:, None] == shape
    for k, which in enumerate((same_colour & upper, same_shape & upper, ~same_colour & ~same_shape & upper)):
        values = found.cosines[which]
        aside = 0.5 * (torch.rand(len(values), generator=generator(0, k)) - 0.5)
        axes.scatter(k + aside, values, s=9, alpha=0.55, color=COLORS[k], linewidths=0)
        axes.plot([k - 0.35, k + 0.35], [float(values.mean())] * 2, color=COLORS[k], linewidth=2.4)
    axes.axhline(-1 / (len(objects) - 1), color=KNOWN, linewidth=1.1, linestyle=DASHED)
    axes.set_xticks(range(len(KINDS)), KINDS)
    axes.set_ylabel("cosine")
    axes.set_xlim(-0.6, len(KINDS) - 0.4)
