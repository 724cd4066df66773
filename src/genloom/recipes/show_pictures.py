"""Files and figures of drawn pictures, whatever drew them."""

import io
import zipfile
from pathlib import Path

import torch
from torch import Tensor

from genloom.data.images.augment import centre
from genloom.recipes.judge_pictures import Compared
from genloom.report.figures import save_figure
from genloom.report.grids import rows_figure, save_grid, square
from genloom.report.results import Figure, write_atomically

SHEET = 64
"""Pictures of a sheet at most."""
_SHOWN = 8


def write_sheet(pictures: Tensor, path: Path, provenance: dict[str, str], columns: int | None = None) -> Path:
    """The first pictures on one sheet, as a PNG that carries what it came from; by default about a square."""
    return save_grid(pictures[:SHEET], path, provenance, columns)


def write_samples(pictures: Tensor, folder: Path, provenance: dict[str, str],
                  columns: int | None = None) -> list[Path]:
    """samples.png, a sheet of the first ones, and samples.zip, every picture as a PNG of its own."""
    sheet = write_sheet(pictures, folder / "samples.png", provenance, columns)
    return [sheet, write_zip(pictures, folder / "samples.zip")]


def write_zip(pictures: Tensor, path: Path) -> Path:
    """Every picture as 00000.png, 00001.png, …, in a ZIP that other tools and `--data.folder` read."""
    from PIL import Image

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for k, picture in enumerate(pictures):
            one = io.BytesIO()
            pixels = picture.permute(1, 2, 0).contiguous().numpy()
            Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(one, format="PNG")
            archive.writestr(zipfile.ZipInfo(f"{k:05d}.png", (1980, 1, 1, 0, 0, 0)), one.getvalue())
    return write_atomically(path, buffer.getvalue())


def samples_figure(pictures: Tensor, path: Path, provenance: dict[str, str], name: str = "the model") -> Figure:
    """A sheet of samples."""
    columns = max(square(len(pictures)), min(16, len(pictures)))
    save_grid(pictures, path, provenance, columns=columns)
    return Figure(path=f"{path.parent.name}/{path.name}", caption=f"{len(pictures)} samples of {name}, none left out.",
                  alt=f"A grid of {len(pictures)} generated pictures")


def neighbours_figure(experiment: Compared, drawn: Tensor, path: Path, provenance: dict[str, str]) -> Figure:
    """Samples above the training pictures that are nearest to them."""
    own = centre(experiment.data.pictures, experiment.recipe.data.size)
    found = own[nearest(drawn[:_SHOWN], own)]
    figure = rows_figure({"samples": drawn[:_SHOWN], "nearest": found}, cell=0.8)
    return save_figure(figure, path, provenance, folder=path.parent.parent,
                       caption="Samples, and below each the training picture that is nearest to it.",
                       alt="Two rows of pictures: samples, and their nearest training pictures")


def nearest(pictures: Tensor, among: Tensor, block: int = 4096) -> Tensor:
    """For each picture (n, C, H, W) the index of the nearest of (N, C, H, W) in the mean square of pixels: (n,)."""
    flat = pictures.flatten(1).float()
    distances = [torch.cdist(flat, part.flatten(1).float()) for part in torch.split(among, block)]
    return torch.cat(distances, dim=1).argmin(1)
