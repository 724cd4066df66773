"""Pictures as points: what turns them into features, the moments of those, and a reference that is never mistaken."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from genloom.errors import InputError


class Extractor(Protocol):
    """Turns pictures into features.

    name     "inception", "digits", "random" or "pixels"
    digest   SHA-256 of all that decides the features: weights, and how pictures are prepared
    dim      number of features D
    """

    @property
    def name(self) -> str:
        """What results are named after."""
        ...

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal digits."""
        ...

    @property
    def dim(self) -> int:
        """D."""
        ...

    def __call__(self, pictures: Tensor) -> Tensor:
        """Features of bytes (B, C, H, W), float64 (B, D); those of one picture do not depend on the others."""
        ...


def distance_name(extractor: Extractor) -> str:
    """FID for clean-fid's Inception network alone; the Fréchet distance in other features is another number.

    >>> distance_name(PixelFeatures(3))
    'FD-pixels'
    """
    return "FID" if extractor.name == "inception" else f"FD-{extractor.name}"


class Moments(NamedTuple):
    """Mean (D,) and covariance (D, D), divided by n − 1, of n points, float64."""

    mean: Tensor
    covariance: Tensor
    n: int

    def merge(self, other: "Moments") -> "Moments":
        """The moments of both sets of points together.

            μ = μ₁ + (n₂/n) δ      (n − 1) Σ = (n₁ − 1) Σ₁ + (n₂ − 1) Σ₂ + (n₁ n₂/n) δ δᵀ,      δ = μ₂ − μ₁

        [Chan, Golub & LeVeque 1983, Eq. 2.1]
        """
        n, delta = self.n + other.n, other.mean - self.mean
        scatter = (self.n - 1) * self.covariance + (other.n - 1) * other.covariance
        scatter = scatter + self.n * other.n / n * torch.outer(delta, delta)
        return Moments(self.mean + other.n / n * delta, scatter / (n - 1), n)


def moments(features: Tensor) -> Moments:
    """The moments of points (n, D), n ≥ 1; the covariance of a single point is 0.

    Errors: `InputError` for another shape, no points, or a number that is not finite.
    """
    points = as_features("features", features, least=1)
    mean = points.mean(0)
    centred = points - mean
    return Moments(mean, centred.T @ centred / max(1, len(points) - 1), len(points))


def as_features(name: str, features: Tensor, least: int = 2) -> Tensor:
    """The features as float64 (n, D) on the CPU.

    Errors: `InputError` for another shape, fewer than `least` points, or a number that is not finite.
    """
    points = features.detach().cpu().double()
    if points.ndim != 2 or points.shape[1] == 0 or len(points) < least:
        raise InputError(name, tuple(points.shape), f"of shape (n, D) with n ≥ {least}")
    if not bool(points.isfinite().all()):
        raise InputError(name, "a number that is not finite", "finite", "look at the pictures that gave it")
    return points


def extract(extractor: Extractor, pictures: Tensor, *, batch: int = 64) -> Tensor:
    """Features of any number of pictures, bytes (N, C, H, W), in batches: float64 (N, D).

    Errors: `InputError` for pictures that are not bytes of that shape, or for none.
    """
    _check(pictures)
    return torch.cat([extractor(part).cpu().double() for part in torch.split(pictures, batch)])


def streamed_moments(extractor: Extractor, pictures: Tensor, *, batch: int = 64) -> Moments:
    """The moments of pictures whose features are too many to be kept: batches are merged exactly.

    Errors: as `extract`.
    """
    _check(pictures)
    total: Moments | None = None
    for part in torch.split(pictures, batch):
        found = moments(extractor(part))
        total = found if total is None else total.merge(found)
    assert total is not None
    return total


def digest_of(pictures: Tensor) -> str:
    """SHA-256 of pictures: of their shape and their bytes, in their order; names of files play no part."""
    _check(pictures)
    digest = hashlib.sha256(repr(tuple(pictures.shape)).encode())
    for part in torch.split(pictures, 1024):  # a memory-mapped set is never whole in memory
        digest.update(part.contiguous().cpu().numpy().data)
    return digest.hexdigest()


@dataclass(frozen=True)
class Reference:
    """Real pictures as an extractor sees them.

    features    (N, D), float64
    moments     theirs
    digest      SHA-256 of the pictures
    extractor   SHA-256 of the extractor
    """

    features: Tensor
    moments: Moments
    digest: str
    extractor: str


def reference(pictures: Tensor, extractor: Extractor, *, batch: int = 64, folder: Path | None = None) -> Reference:
    """The reference made of these pictures, which a folder may keep for the next time.

    A kept file is found by the digests of the pictures and of the extractor, and by nothing else. One that is damaged
    is made anew.

    Errors: as `extract`.
    """
    digest = digest_of(pictures)
    path = folder / f"{digest[:20]}-{extractor.digest[:20]}.safetensors" if folder else None
    identity = {"pictures": digest, "extractor": extractor.digest}
    features = _kept(path, identity) if path else None
    if features is None:
        features = extract(extractor, pictures, batch=batch)
        if path:
            _keep(path, identity, features)
    return Reference(features, moments(features), digest, extractor.digest)


def _kept(path: Path, identity: dict[str, str]) -> Tensor | None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            metadata = dict(file.metadata() or {})
            features: Tensor = file.get_tensor("features")
    except (OSError, SafetensorError):
        return None
    whole = metadata.pop("features", "") == _bytes_digest(features)
    return features if whole and metadata == identity else None


def _keep(path: Path, identity: dict[str, str], features: Tensor) -> None:
    import os

    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    save_file({"features": features.contiguous()}, partial, {**identity, "features": _bytes_digest(features)})
    partial.replace(path)  # whole or not at all


def _bytes_digest(tensor: Tensor) -> str:
    return hashlib.sha256(tensor.contiguous().numpy().data).hexdigest()


class PixelFeatures:
    """The picture itself, averaged over the areas of a `side` × `side` raster: side²·C numbers in [0, 1].

    It sees colours and their coarse places, and nothing fine; made for comparisons without any network.

    Errors: `InputError` for side < 1 or another number of channels than 1 or 3.
    """

    name = "pixels"

    def __init__(self, channels: int, *, side: int = 8) -> None:
        if side < 1 or channels not in (1, 3):
            raise InputError("channels, side", (channels, side), "1 or 3 channels and a side of at least 1")
        self.channels, self.side = channels, side
        self.dim = side * side * channels
        self.digest = hashlib.sha256(f"area average, {side} × {side}, {channels} channels, /255".encode()).hexdigest()

    def __call__(self, pictures: Tensor) -> Tensor:
        """The averages, float64 (B, side²·C).

        Errors: `InputError` for pictures with another number of channels.
        """
        if pictures.ndim != 4 or pictures.shape[1] != self.channels:
            raise InputError("pictures", tuple(pictures.shape), f"of shape (B, {self.channels}, H, W)")
        return torch.nn.functional.adaptive_avg_pool2d(pictures.double() / 255, self.side).flatten(1)


def _check(pictures: Tensor) -> None:
    if pictures.dtype != torch.uint8 or pictures.ndim != 4 or len(pictures) == 0:
        raise InputError("pictures", f"{pictures.dtype} {tuple(pictures.shape)}", "bytes of shape (N, C, H, W), N ≥ 1")
