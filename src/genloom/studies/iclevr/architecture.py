"""S1.6: the network that denoises, block by block, and what a latent space would save and cost."""

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import nn

from genloom.errors import InputError, InputErrors
from genloom.nn.dit import DiT
from genloom.nn.norm import GroupNorm
from genloom.nn.unet import UNet
from genloom.recipes.build_images import ImagesExperiment
from genloom.recipes.images import Network
from genloom.recipes.images_parts import make_network
from genloom.report.numbers import fixed, near, number
from genloom.report.results import Result, Table
from genloom.rng import fold, generator
from genloom.studies.context import Context
from genloom.studies.iclevr.codes import Codes, code_results, coded, codes_figure, decibels, judged_codes
from genloom.studies.iclevr.judged import Judged
from genloom.studies.iclevr.spent import clock
from genloom.studies.iclevr.work import ddpm
from genloom.studies.study import Answer, deliverable

_BATCH = 32


@deliverable("S1.6", "Conditional DDPM: architecture",
             question="Design the DDPM: in pixels or in a latent space, which blocks, how many, where is it told time "
                      "and labels?")
def architecture(context: Context) -> Answer:
    """The network's levels and parameters, and an autoencoder's loss of labels beside none."""
    model, codes, said = ddpm(context), coded(context), judged_codes(context)
    network = model.trained.networks["denoiser"]
    return Answer(
        text=(*_words(network, model.recipe.network), _space(context, model.experiment, codes, said)),
        figures=(codes_figure(context, codes),),
        tables=(_stages(network), _parameters(network), _spaces(context, codes, said)),
        results=(
            near(Result(name="parameters", value=_total(network), known=counted(network),
                        known_name="Σ of what its layers have: in · out · k² + out, …"), 0),
            near(Result(name="largest difference of its answer from that for another batch, same pictures", known=0,
                        value=_alone(model.experiment, network), known_name="each picture by itself, float64",
                        n=3), 1e-9),
            *code_results(codes, said),
        ),
        formula="(x_t, t, y) ↦ an output of x_t's shape",
        source="Ho et al. 2020, App. B; Dhariwal & Nichol 2021; Peebles & Xie 2023; Rombach et al. 2022, §3.1",
    )


def _words(network: nn.Module, config: Network) -> tuple[str, str]:
    if isinstance(network, DiT):
        side = network.shape.size // network.shape.patch
        tokens = f", and each label as a token of its own beside the {side * side} of the patches" \
            if network.shape.tokens else ""
        return (f"A diffusion Transformer: a picture is cut into {side} × {side} patches of {network.shape.patch} × "
                f"{network.shape.patch} pixels, each a token of {network.shape.width} numbers; "
                f"{network.shape.blocks} blocks of self-attention ({network.shape.heads} heads) and an MLP.",
                "Time and labels are told as one vector, the sum of their embeddings, which scales and shifts each "
                f"block's normalised tokens and gates what it adds (adaLN-zero){tokens}. Each block begins as the "
                "identity, and the output as 0.")
    assert isinstance(network, UNet)
    shape = network.shape
    at = ", ".join(f"{size} × {size}" for size in shape.attention if size) or "none of the levels"
    cross = " and cross-attention to the labels' tokens" if shape.cross_attention else ""
    told = "scales and shifts the normalised features" if shape.scale_shift else "is added to the features"
    return (f"A U-Net: {shape.blocks} residual blocks at each of {len(shape.widths)} sizes on the way down, "
            f"{shape.blocks + 1} on the way up, each of which also sees what the way down left; self-attention{cross} "
            f"at {at} and in the middle ({config.heads} heads there). Sizes change by "
            f"{'a convolution' if shape.resample == 'convolution' else 'residual blocks of their own'}.",
            f"Time and labels are told to every residual block: the sum of their embeddings {told} between its two "
            "convolutions. Each block begins as the identity, and the output as 0.")


def _space(context: Context, own: ImagesExperiment, codes: Codes, said: dict[str, Judged]) -> str:
    whole = codes.originals[0].numel()
    where = "pixels" if own.space is None else "a latent space"
    share = said["autoencoder"].micro.value
    trained = "" if codes.minutes != codes.minutes else f" after {fixed(codes.minutes, 1)} minutes"
    return (f"The recipe diffuses {where}. An autoencoder with {number(codes.numbers)} numbers for a picture instead "
            f"of {number(whole)}{trained} keeps {fixed(decibels(codes, codes.autoencoder), 1)} dB of kept-back "
            f"pictures. The judge names {share:.3f} of their labels after it and {said['originals'].micro.value:.3f} "
            "before: what a code loses, no model in its latent space can draw.")


class _Cost(NamedTuple):
    """A network for states of a shape: its parameters, and seconds for a picture of a batch."""

    shape: tuple[int, ...]
    parameters: int
    seconds: float


def _costs(context: Context) -> dict[str, _Cost]:
    """The recipe's network on its own states, and one of the same kind on latents of 4 × S/4 × S/4."""
    model = ddpm(context)
    found = {"as it is": _cost(model.trained.networks["denoiser"], model.experiment.shape)}
    size, config = model.recipe.data.size // 4, model.recipe.network
    if model.experiment.space is None:
        smaller = replace(config, patch=max(1, config.patch // 4),
                          attention=tuple(each for each in config.attention if each <= size))
        try:
            network = make_network(smaller, size=size, channels=4, classes=model.experiment.classes, seed=0, most=3)
            found["on latents"] = _cost(network.eval(), (4, size, size))
        except (InputError, InputErrors):  # a U-Net with more levels than latents have sizes
            pass
    return found


@torch.no_grad()
def _cost(network: nn.Module, shape: tuple[int, ...]) -> _Cost:
    device = next(network.parameters()).device
    x, t = torch.zeros(_BATCH, *shape, device=device), torch.zeros(1, device=device)
    return _Cost(shape, _total(network), clock(lambda: network(x, t, None)) / _BATCH)


def _stages(network: nn.Module) -> Table:
    rows = list(_transformer(network) if isinstance(network, DiT) else _levels(network))
    return Table(header=("stage", "size", "channels", "what is there"), rows=tuple(rows),
                 caption="The network from its input to its output.")


def _transformer(network: DiT) -> Iterator[tuple[str, ...]]:
    shape = network.shape
    side = shape.size // shape.patch
    yield "patches", f"{shape.size} → {side}", f"{shape.channels} → {shape.width}", "convolution of the patch's size"
    for k in range(shape.blocks):
        yield (f"block {k + 1}", f"{side * side + shape.tokens} tokens", str(shape.width),
               f"attention of {shape.heads} heads, MLP of {shape.expansion * shape.width}")
    yield ("output", f"{side} → {shape.size}", f"{shape.width} → {shape.out_channels or shape.channels}",
           "adaptive norm, linear")


def _levels(network: nn.Module) -> Iterator[tuple[str, ...]]:
    assert isinstance(network, UNet)
    shape, levels = network.shape, list(zip(network.shape.widths, network.shape.sizes, strict=True))

    def what(blocks: int, size: int) -> str:
        attends = ", each followed by attention" if size in shape.attention else ""
        cross = " and cross-attention" if size in shape.attention and shape.cross_attention else ""
        return f"{blocks} residual blocks{attends}{cross}"

    yield "input", str(shape.size), f"{shape.channels} → {shape.widths[0]}", "3 × 3 convolution"
    for width, size in levels:
        yield "down", f"{size} × {size}", str(width), what(shape.blocks, size)
    yield "middle", f"{shape.sizes[-1]} × {shape.sizes[-1]}", str(shape.widths[-1]), "block, attention, block" \
        if shape.middle_attention else "two residual blocks"
    for width, size in reversed(levels):
        yield "up", f"{size} × {size}", str(width), what(shape.blocks + 1, size)
    yield "output", str(shape.size), f"{shape.widths[0]} → {shape.out_channels or shape.channels}", \
        "norm, SiLU, 3 × 3 convolution"


def _parameters(network: nn.Module) -> Table:
    whole = _total(network)
    rows = [(name.replace("_", " "), number(_total(part)), f"{_total(part) / whole:.1%}")
            for name, part in network.named_children() if _total(part)]
    return Table(header=("part", "parameters", "share"), rows=(*rows, ("all", number(whole), "100%")),
                 caption="Where the parameters are.")


def _spaces(context: Context, codes: Codes, said: dict[str, Judged]) -> Table:
    costs = context.once("costs", lambda: _costs(context))
    rows = [(f"the recipe's network {name}", " × ".join(map(str, each.shape)), number(each.parameters),
             number(1000 * each.seconds, 3), "—") for name, each in costs.items()]
    if codes.parameters:
        rows.append(("autoencoder, there and back", number(codes.numbers), number(codes.parameters), "—",
                     f"{said['autoencoder'].micro.value:.3f}"))
    rows.append(("best linear code", number(codes.numbers), "—", "—", f"{said['linear'].micro.value:.3f}"))
    rows.append(("pictures as they are", number(codes.originals[0].numel()), "—", "—",
                 f"{said['originals'].micro.value:.3f}"))
    return Table(header=("", "numbers of a state", "parameters", "ms a call and picture", "labels named"),
                 rows=tuple(rows), caption=f"Pixels and latents: what is diffused, what a call costs (batches of "
                                           f"{_BATCH}), and how many labels the judge names in {len(codes.sets)} "
                                           "kept-back pictures that went through each code.")


def counted(network: nn.Module) -> int:
    """Numbers that are trained, layer by layer from their sizes: a second opinion on the sum over tensors."""
    total = 0
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            total += layer.out_channels * (layer.in_channels // layer.groups * layer.kernel_size[0]
                                           * layer.kernel_size[1] + (layer.bias is not None))
        elif isinstance(layer, nn.Linear):
            total += layer.out_features * (layer.in_features + (layer.bias is not None))
        elif isinstance(layer, nn.Embedding):
            total += layer.num_embeddings * layer.embedding_dim
        elif isinstance(layer, GroupNorm):
            total += 2 * len(layer.bias)
    return total


def _total(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


@torch.no_grad()
def _alone(experiment: ImagesExperiment, network: nn.Module) -> float:
    """The answers for half a batch beside those for all of it."""
    twin, random = copy.deepcopy(network).cpu().double().eval(), generator(0, fold(0, 0x414C4F4E))
    x = torch.randn(8, *experiment.shape, generator=random, dtype=torch.float64)
    y = (torch.rand(8, experiment.classes, generator=random) < 1 / experiment.classes).double()
    t = torch.linspace(10, 900, 8, dtype=torch.float64)
    return float((twin(x, t, y)[:3] - twin(x[:3], t[:3], y[:3])).abs().max())
