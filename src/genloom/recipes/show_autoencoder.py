"""Pictures and files of an autoencoder."""

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from genloom.data.images.augment import to_pictures
from genloom.diffusion.latent import LatentSpace
from genloom.recipes.build_autoencoder import decode_noise, device_of
from genloom.recipes.judge_autoencoder import Latents, codes_of, latents_of, linear_name
from genloom.report.figures import DIVERGING, save_figure
from genloom.report.grids import rows_figure, save_grid
from genloom.report.numbers import fixed
from genloom.report.results import Figure, Item, Table
from genloom.report.run_page import training_item
from genloom.training.method import Networks

if TYPE_CHECKING:
    from genloom.recipes.build_autoencoder import AutoencoderExperiment

_SHOWN = 8
_REACH = 3.0  # standard deviations at the ends of the colour scale of a latent


def write_samples(experiment: "AutoencoderExperiment", networks: Networks, count: int, seed: int, folder: Path,
                  provenance: dict[str, str]) -> list[Path]:
    """noise.png, what draws from N(0, I) decode to, and reconstructions.png."""
    decoded = decode_noise(experiment.space(networks), count, seed, device_of(networks))
    noise = {**provenance, "what": "decoded latents drawn from N(0, I): not samples of the data"}
    return [save_grid(decoded, folder / "noise.png", noise),
            write_sheet(experiment, networks, count, folder / "reconstructions.png", provenance)]


def write_sheet(experiment: "AutoencoderExperiment", networks: Networks, count: int, path: Path,
                provenance: dict[str, str]) -> Path:
    """The first kept-back pictures in rows of eight, each row above its reconstructions."""
    x = experiment.judged(count)
    pairs = zip(torch.split(to_pictures(x), _SHOWN),
                torch.split(to_pictures(experiment.reconstruct(networks, x)), _SHOWN), strict=True)
    rows = [_filled(part) for pair in pairs for part in pair]
    told = {**provenance, "what": "rows of pictures that were kept from training, each above its reconstructions"}
    return save_grid(torch.cat(rows), path, told, columns=_SHOWN)


def run_items(experiment: "AutoencoderExperiment", networks: Networks, run: Path,
              provenance: dict[str, str]) -> tuple[Item, ...]:
    """The sections of a run's report: its loss, reconstructions, latents, ways between pictures, decoded noise."""
    folder, beta = run / "figures", experiment.recipe.objective.beta
    space, device = experiment.space(networks), device_of(networks)
    return (
        training_item(run, provenance, number="1"),
        Item(number="2", title="Reconstructions", text=(
            f"Each code keeps {experiment.numbers:,} numbers of a picture. The linear one is the "
            f"{linear_name(experiment)}.",),
            figures=(codes_figure(experiment, networks, folder / "reconstructions.png", provenance),)),
        Item(number="3", title="Latents", formula=f"x̂ = decode(μ + σ ε), loss = (Σ d(x, x̂) + {beta:g} KL)/D",
             source="Kingma & Welling 2014, Eq. 10; Rombach et al. 2022, App. G",
             figures=(latents_figure(experiment, space, device, folder / "latents.png", provenance),),
             tables=(latents_table(latents_of(experiment, space, device)),)),
        Item(number="4", title="Between two pictures", figures=(
            between_figure(experiment, space, device, folder / "between.png", provenance),)),
        Item(number="5", title="Decoded noise", text=(
            "Latents that are drawn from N(0, I) share each channel's mean and deviation with those of pictures, and "
            "nothing else. What they decode to shows what is left for a diffusion model of the latents to learn.",),
            figures=(noise_figure(space, device, folder / "noise.png", provenance),)),
    )


def codes_figure(experiment: "AutoencoderExperiment", networks: Networks, path: Path,
                 provenance: dict[str, str]) -> Figure:
    """Kept-back pictures above what each code of as many numbers keeps of them."""
    codes = codes_of(experiment, networks, _SHOWN)
    figure = rows_figure({"original": codes.originals, "autoencoder": codes.autoencoder,
                          "best linear code": codes.linear, "area average": codes.average}, cell=0.8)
    return save_figure(figure, path, provenance, folder=path.parent.parent,
                       caption="Pictures that were kept from training, and what three codes of as many numbers keep.",
                       alt="Four rows of pictures: originals, their reconstructions by the autoencoder, by principal "
                           "components and by averaging")


def latents_figure(experiment: "AutoencoderExperiment", space: LatentSpace, device: torch.device, path: Path,
                   provenance: dict[str, str]) -> Figure:
    """Pictures above the standardised channels of their latents, in colours from −3 to 3."""
    x = experiment.judged(_SHOWN)
    latents = space.encode(x.to(device)).cpu()
    zoom = x.shape[-1] // latents.shape[-1]
    large = latents.repeat_interleave(zoom, 2).repeat_interleave(zoom, 3)
    rows = {"picture": to_pictures(x)} | {f"channel {c + 1}": _coloured(large[:, c]) for c in range(large.shape[1])}
    figure = rows_figure(rows, cell=0.8)
    return save_figure(figure, path, provenance, folder=path.parent.parent,
                       caption=f"The channels of the latents, standardised: orange is −{_REACH:g}, white 0 and purple "
                               f"{_REACH:g}.",
                       alt="A row of pictures above one row for each channel of their latents, coarse maps of the same "
                           "places")


@torch.no_grad()
def between_figure(experiment: "AutoencoderExperiment", space: LatentSpace, device: torch.device, path: Path,
                   provenance: dict[str, str]) -> Figure:
    """Straight ways between two pictures, in the latents and, beside them, in the pixels."""
    x = experiment.judged(4)
    x = x[[0, 1, 2, 3]] if len(x) == 4 else x[[0, -1, 0, -1]]
    z, share = space.encode(x.to(device)), torch.linspace(0, 1, _SHOWN)
    rows = {}
    for k, name in ((0, "first pair"), (2, "second pair")):
        rows[f"{name}, latents"] = to_pictures(space.decode(_way(z[k], z[k + 1], share.to(device))).cpu())
        rows[f"{name}, pixels"] = to_pictures(_way(x[k], x[k + 1], share))
    figure = rows_figure(rows, [f"{s:.2f}" for s in share.tolist()], cell=0.75)
    return save_figure(figure, path, provenance, folder=path.parent.parent,
                       caption="From one kept-back picture to another on a straight line: through the latents, "
                               "decoded, and through the pixels.",
                       alt="Two pairs of rows of pictures that turn from one picture into another")


def noise_figure(space: LatentSpace, device: torch.device, path: Path,
                 provenance: dict[str, str]) -> Figure:
    """What draws from N(0, I) decode to."""
    count = 2 * _SHOWN
    save_grid(decode_noise(space, count, 0, device), path, provenance, columns=_SHOWN)
    return Figure(path=path.relative_to(path.parent.parent).as_posix(),
                  caption=f"{count} latents drawn from N(0, I), decoded; these are not samples of the data.",
                  alt="Pictures with textures and colours of the data but without its objects")


def latents_table(found: Latents) -> Table:
    """One row for each channel."""
    apart = (found.correlation - torch.eye(len(found.mean), dtype=torch.float64)).abs().amax(1)
    rows = [(str(c + 1), fixed(float(found.nats[c]), 1), fixed(float(found.mean[c]), 3), fixed(float(found.std[c]), 3),
             fixed(float(apart[c]), 3)) for c in range(len(found.mean))]
    return Table(header=("channel", "KL (nats)", "mean", "deviation", "largest correlation"), rows=tuple(rows),
                 caption="Standardised latents of kept-back pictures; over the training pictures the means are 0 and "
                         "the deviations 1.")


def _way(start: Tensor, end: Tensor, share: Tensor) -> Tensor:
    return torch.lerp(start, end, share[:, None, None, None])


def _coloured(values: Tensor) -> Tensor:
    """Numbers (N, H, W) as colours, uint8 (N, 3, H, W)."""
    from matplotlib import colormaps

    place = ((values / _REACH + 1) / 2).clamp(0, 1).numpy()
    colours = torch.from_numpy(colormaps[DIVERGING](place, bytes=True))
    return colours[..., :3].permute(0, 3, 1, 2).contiguous()


def _filled(pictures: Tensor) -> Tensor:
    """A whole row of pictures, its end white."""
    white = torch.full((_SHOWN - len(pictures), *pictures.shape[1:]), 255, dtype=torch.uint8)
    return torch.cat([pictures, white])
