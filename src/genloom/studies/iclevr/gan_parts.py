"""S1.3: every pair of networks with every way to tell it labels, each built and tried, and the one that was chosen."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import NamedTuple, get_args

import torch
from torch import Tensor, nn

from genloom.errors import InputError
from genloom.nn.gan.pairs import PAIRS, pair
from genloom.nn.gan.shape import GanShape, Judging, Told
from genloom.nn.gan.verdict import Verdict
from genloom.recipes.build_gans import GanExperiment
from genloom.recipes.gans import GanRecipe
from genloom.recipes.gans_parts import make_shape
from genloom.report.numbers import near, number
from genloom.report.results import Result, Table
from genloom.rng import fold, generator
from genloom.studies.context import Context
from genloom.studies.iclevr.work import gan_recipe, names
from genloom.studies.study import Answer, deliverable

_WAYS: tuple[Told, ...] = get_args(Told)
_JUDGES: tuple[Judging, ...] = get_args(Judging)
_BATCH = 4
_SHAKE = 0.02  # standard deviation of what is added to all weights, since ways to be told start as if nothing was said

MADE_OF = {
    "mlp": "fully connected layers",
    "course": "linear layers, two transposed convolutions; convolutions and pooling",
    "tables": "enlarging and convolutions; convolutions and pooling",
    "dcgan": "de-convolutions (transposed convolutions of stride 2), batch norm",
    "residual": "residual blocks of two convolutions; self-attention where it is asked for",
    "progressive": "blocks that are added while it trains, from 4 × 4 pixels on",
}
"""The pairs in words."""


class Tried(NamedTuple):
    """A network that was built: its number of parameters, and whether it does what it should with labels."""

    parameters: int
    heard: bool


class Pair(NamedTuple):
    """A pair with every way: None where the pair has no place for it."""

    kind: str
    generators: dict[Told, Tried | None]
    discriminators: dict[Judging, Tried | None]

    def each(self) -> Iterator[Tried]:
        """All that could be built."""
        for found in (*self.generators.values(), *self.discriminators.values()):
            if found is not None:
                yield found


@deliverable("S1.3", "Conditional GAN: blocks and conditioning",
             question="Design a conditional GAN: which blocks, how is the generator told the labels, and how the "
                      "discriminator?")
def parts(context: Context) -> Answer:
    """The table of all pairs and ways, a check of each, and the recipe's choice."""
    chosen = gan_recipe(context)
    found = context.once("gan parts", lambda: pairs(chosen, len(names(context))))
    tried = [each for one in found for each in one.each()]
    return Answer(
        text=(
            "The generator is told the labels beside its noise (concatenate), as a factor of each coordinate of the "
            "noise (multiply), or through scale and shift of its batch norms (norm). The discriminator sees them as a "
            "plane of the picture (a conditional GAN), projects the sum of their vectors on its features (projection), "
            "names them itself (auxiliary), or does both, which is a hybrid.",
            f"Every network below was built for {chosen.data.size} × {chosen.data.size} pictures and "
            f"{len(names(context))} labels and tried on {_BATCH} random inputs: pictures have the right shape and are "
            "finite, and other labels give another picture or another verdict. Since most ways begin as if nothing had "
            "been said, all weights were shaken first.",
            *_chosen(context, chosen),
        ),
        tables=(_generators(found), _discriminators(found), _extras(chosen, len(names(context)))),
        results=(
            near(Result(name="networks that hear their labels", value=sum(each.heard for each in tried),
                        known=len(tried), known_name="all that were built", n=len(tried)), 0),
            *_identities(found, make_shape(chosen, len(names(context))).latent, len(names(context))),
        ),
        source="Mirza & Osindero 2014; Odena et al. 2017; Miyato & Koyama 2018; de Vries et al. 2017; Radford et al. "
               "2016; Zhang et al. 2019; Karras et al. 2018; Chen et al. 2016",
    )


def pairs(chosen: GanRecipe, labels: int) -> list[Pair]:
    """Every pair at the size of the recipe's pictures, with every way that it has a place for."""
    base = replace(make_shape(chosen, labels), attention=(), spectral="none", norm="batch", read=0)
    found = []
    for kind in PAIRS:
        plain = replace(base, width=base.width if kind in ("dcgan", "residual", "progressive") else GanShape.width)
        found.append(Pair(kind,
                          {way: _built(partial(_generator, kind, replace(plain, told=way, judging="none")))
                           for way in _WAYS},
                          {way: _built(partial(_discriminator, kind, replace(plain, told="none", judging=way)))
                           for way in _JUDGES}))
    return found


def _built(build: Callable[[], Tried]) -> Tried | None:
    try:
        return build()
    except InputError:
        return None


def _generator(kind: str, shape: GanShape) -> Tried:
    return tried_generator(_made(kind, shape)[0], shape)


def _discriminator(kind: str, shape: GanShape) -> Tried:
    return tried_discriminator(_made(kind, shape)[1], shape)


def _made(kind: str, shape: GanShape) -> tuple[nn.Module, nn.Module]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(fold(0, 71))
        networks = pair(kind, shape)
        for network in networks:
            _shake(network.eval())
    return networks


@torch.no_grad()
def _shake(network: nn.Module) -> None:
    for weight in network.parameters():
        weight.add_(_SHAKE * torch.randn_like(weight))


@torch.no_grad()
def tried_generator(network: nn.Module, shape: GanShape) -> Tried:
    """Whether pictures are whole, and other labels give other pictures where they are told."""
    random = generator(0, 72)
    z, one, other = torch.randn(_BATCH, shape.latent, generator=random), *_labels(shape, random)
    first, second = network(z, one), network(z, other)
    whole = first.shape == (_BATCH, shape.channels, shape.size, shape.size) and bool(first.isfinite().all())
    return Tried(_parameters(network), whole and torch.equal(first, second) == (shape.told == "none"))


@torch.no_grad()
def tried_discriminator(network: nn.Module, shape: GanShape) -> Tried:
    """Whether verdicts are whole: other labels give other logits where they are seen, and are named where they are."""
    random = generator(0, 73)
    x = 2 * torch.rand(_BATCH, shape.channels, shape.size, shape.size, generator=random) - 1
    one, other = _labels(shape, random)
    first: Verdict = network(x, one)
    second: Verdict = network(x, other)
    whole = first.logits.shape == (_BATCH,) and bool(first.logits.isfinite().all())
    sees = shape.judging in ("planes", "projection", "projection+auxiliary")
    named = None if first.labels is None else tuple(first.labels.shape)
    wanted = (_BATCH, shape.labels) if "auxiliary" in shape.judging else None
    return Tried(_parameters(network), whole and torch.equal(first.logits, second.logits) != sees and named == wanted)


def _labels(shape: GanShape, random: torch.Generator) -> tuple[Tensor, Tensor]:
    one = (torch.rand(_BATCH, shape.labels, generator=random) < 0.5).float()
    return one, 1 - one


def _parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def _chosen(context: Context, chosen: GanRecipe) -> Iterator[str]:
    network = chosen.network
    built = context.once("gan built", lambda: GanExperiment(chosen, context.data_root))
    counts = {name: number(_parameters(each)) for name, each in built.networks.items()}
    also = [f"spectral normalisation of {'both networks' if network.spectral == 'both' else 'the discriminator'}"
            ] if network.spectral != "none" else []
    also += [f"self-attention at {', '.join(map(str, network.attention))} pixels"] if any(network.attention) else []
    also += [f"pictures changed by {', '.join(chosen.augment.policy)} before the discriminator sees them"
             ] if chosen.augment.policy else []
    yield (f"Chosen is the pair {network.kind} of width {network.width}, told by {network.told}, judging by "
           f"{network.judging}{'; with ' + '; '.join(also) if also else ''}. Its generator has {counts['generator']} "
           f"parameters, its discriminator {counts['discriminator']}. `genloom train {chosen.name} --network.kind "
           "dcgan`, `--network.told` and `--network.judging` train any other.")


def _cell(found: Tried | None) -> str:
    if found is None:
        return "—"
    return number(found.parameters) if found.heard else f"{number(found.parameters)}, deaf"


def _generators(found: list[Pair]) -> Table:
    rows = tuple((each.kind, MADE_OF[each.kind], *(_cell(each.generators[way]) for way in _WAYS)) for each in found)
    return Table(header=("pair", "made of", *("told nothing" if way == "none" else way for way in _WAYS)), rows=rows,
                 caption="Parameters of the generators by how they are told the labels; — where there is no place for "
                         "it, as fully connected layers have no batch norms.")


def _discriminators(found: list[Pair]) -> Table:
    rows = tuple((each.kind, *(_cell(each.discriminators[way]) for way in _JUDGES)) for each in found)
    return Table(header=("pair", *("told nothing" if way == "none" else way for way in _JUDGES)), rows=rows,
                 caption="Parameters of the discriminators by what they do with the labels.")


def _extras(chosen: GanRecipe, labels: int) -> Table:
    """The other choices of the text, for the recipe's own pair or the residual one."""
    kind = chosen.network.kind
    plain = replace(make_shape(chosen, labels), attention=(), spectral="none", read=0)
    size = plain.size // 2
    changes = {
        "the recipe's way, nothing added": (kind, plain),
        f"residual with self-attention at {size} pixels (SAGAN)": ("residual", replace(plain, attention=(size,))),
        "spectral normalisation of both (SNGAN, SAGAN)": (kind, replace(plain, spectral="both")),
        "codes of ten categories to read (InfoGAN)": (kind, replace(plain, read=10)),
    }
    rows = []
    for words, (name, shape) in changes.items():
        made, judged = (_built(partial(build, name, shape)) for build in (_generator, _discriminator))
        rows.append((words, name, _cell(made), _cell(judged)))
    return Table(header=("with", "pair", "generator", "discriminator"), rows=tuple(rows),
                 caption=f"Further parts, told by {plain.told} and judging by {plain.judging}; — where a pair has no "
                         "place for them.")


def _identities(found: list[Pair], latent: int, labels: int) -> Iterator[Result]:
    """What labels cost is known: K vectors of the features, one bias each, and K × Z factors of the noise."""
    built = [{way: each.parameters for way, each in one.discriminators.items() if each is not None} for one in found]
    apart = [each["auxiliary"] - each["projection"] for each in built]
    yield near(Result(name="largest difference of auxiliary − projection from K biases, parameters", known=0,
                      value=max(abs(each - labels) for each in apart), n=len(apart),
                      known_name="both have one vector for each of K labels"), 0)
    hybrid = [each["projection+auxiliary"] - each["none"] - (each["projection"] - each["none"])
              - (each["auxiliary"] - each["none"]) for each in built]
    yield near(Result(name="largest difference of the hybrid's extra parameters from the sum of both", known=0,
                      value=max(map(abs, hybrid)), n=len(hybrid), known_name="nothing is shared"), 0)
    factors = [one.generators["multiply"].parameters - one.generators["none"].parameters for one in found
               if one.generators["multiply"] is not None and one.generators["none"] is not None]
    yield near(Result(name="largest difference of multiply − none from K × Z, parameters", known=0, n=len(factors),
                      value=max(abs(each - labels * latent) for each in factors),
                      known_name="one factor for each label and coordinate"), 0)
