"""What pictures are compared in: networks bound to the protocol of `metrics.features`, each with its digest."""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from genloom.data.sources import source
from genloom.data.store import fetch, locate, verify
from genloom.errors import DataError, InputError, RunError, UnknownName
from genloom.metrics.features import Extractor, PixelFeatures
from genloom.nn.image_classifier import ImageClassifier
from genloom.recipes.images import Data
from genloom.rng import generator

EXTRACTORS = ("inception", "digits", "random", "pixels")

_INCEPTION_PREPARATION = "clean-fid: antialiased bicubic to 299 in floating point, (x - 128) / 128, pool 3"


@dataclass(frozen=True)
class NetworkFeatures:
    """Features of a network.

    features   bytes (B, C, H, W) -> (B, D)
    classify   features (B, D) -> logits (B, K), for the Inception score, or None
    """

    name: str
    digest: str
    dim: int
    features: Callable[[Tensor], Tensor]
    classify: Callable[[Tensor], Tensor] | None = None

    def __call__(self, pictures: Tensor) -> Tensor:
        """The features, float64 (B, D)."""
        with torch.no_grad():
            return self.features(pictures).double()

    def logits(self, pictures: Tensor) -> Tensor:
        """The logits, float64 (B, K).

        Errors: `InputError` for a network that knows no classes.
        """
        return self.told(self(pictures))

    def told(self, features: Tensor) -> Tensor:
        """The logits, float64 (B, K), of pictures whose features (B, D) are known.

        Errors: `InputError` for a network that knows no classes.
        """
        if self.classify is None:
            raise InputError("evaluation.features", self.name, "inception or digits, which know classes")
        with torch.no_grad():
            return self.classify(features.float()).double()


def extractor(name: str, *, channels: int, size: int, weights: str = "",
              data_root: str | Path | None = None) -> Extractor:
    """The extractor of that name for pictures of these channels and this size.

    inception   the network of the FID with clean-fid's resizing; D = 2048
    digits      a classifier of digits that was trained beforehand
    random      a fixed network of random convolutions; D = 64
    pixels      means over an 8 × 8 raster; D = 64·channels

    weights     the file of Inception's weights, or the run of another digit classifier; "" takes the one that comes
                with genloom, and looks for Inception's in `data_root`, $GENLOOM_DATA and the cache, or fetches them

    Errors: `UnknownName`; `DataError` for weights that cannot be had or are not the registered ones. No other extractor
    takes the place of one that cannot be had, since its distance would be another number.
    """
    if name == "inception":
        return inception(weights, data_root)
    if name == "digits":
        return digits(Path(weights).expanduser()) if weights else digits()
    if name == "random":
        return random_features(64 if size >= 64 else 32)
    if name == "pixels":
        return PixelFeatures(channels)
    raise UnknownName("evaluation.features", name, EXTRACTORS)


def chosen(data: Data, features: str, weights: str = "", data_root: str | Path | None = None) -> Extractor:
    """The extractor of a recipe; "auto" is digits for the known sets of digits, and random for all other pictures.

    Errors: as `extractor`.
    """
    known = data.source in ("mnist", "digits") and not data.folder  # a folder takes the place of the source
    name = ("digits" if known else "random") if features == "auto" else features
    return extractor(name, channels=data.channels, size=data.size, weights=weights, data_root=data_root)


def inception(weights: str = "", data_root: str | Path | None = None) -> NetworkFeatures:
    """The Inception network of the FID, from the registered weights only: its distance alone is called FID.

    Errors: `DataError` for weights that cannot be had, or with another checksum.
    """
    from genloom.nn.inception import FEATURES, Inception

    path = _inception_file(weights, data_root)
    network = Inception()
    try:
        # the file is a zip of tensors, checked by its SHA-256 and read without running anything it might hold
        network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))  # noqa: TID251
    except (RuntimeError, OSError) as error:
        raise DataError(f"{path}: cannot be loaded: {str(error).splitlines()[0]}") from error
    digest = _digest(_INCEPTION_PREPARATION, source("inception").files[0].sha256)
    return NetworkFeatures("inception", digest, FEATURES, network, network.logits)


def _inception_file(weights: str, data_root: str | Path | None) -> Path:
    file = source("inception").files[0]
    if weights:
        path = Path(weights).expanduser()
        if not path.is_file():
            raise DataError(f"evaluation.weights {path}: no such file; it is published at {file.url}")
        verify(file, path)
        return path
    try:
        return locate("inception", data_root)[Path(file.path).name]
    except DataError:
        pass
    try:
        fetch("inception")
    except DataError as error:
        raise DataError(f"the FID needs the weights of Inception, which cannot be had: {error}; or pass the "
                        f"file ({file.bytes / 1e6:.0f} MB) by --evaluation.weights, or take other features by "
                        "--evaluation.features, whose distance is no FID and is not called so") from error
    return locate("inception", data_root)[Path(file.path).name]


def digits(place: str | Path = "digit-classifier") -> NetworkFeatures:
    """The penultimate layer of a classifier of clean digits.

    Pictures are averaged over their channels, and resized (antialiased bilinear) where their size is another.

    place   the name of a classifier that comes with genloom, or a run's folder

    Errors: `DataError` where there is none; `InputError` for a classifier of noised pictures.
    """
    from genloom.recipes.classifier_guidance import load_classifier

    try:
        found = load_classifier(place)
    except RunError as error:
        raise DataError(f"features of digits need a trained classifier: {error}; pass the folder of a run of "
                        "digit-classifier by --evaluation.weights, or take --evaluation.features random") from error
    network, data = found.network, found.recipe.data
    if not isinstance(network, ImageClassifier) or found.process is not None:
        raise InputError("evaluation.weights", str(place), "a classifier of clean pictures", "train digit-classifier")

    def seen(pictures: Tensor) -> Tensor:
        x = pictures.float() / 127.5 - 1
        x = x if x.shape[1] == data.channels else x.mean(1, keepdim=True).expand(-1, data.channels, -1, -1)
        if x.shape[-2:] == (data.size, data.size):
            return x
        return F.interpolate(x, (data.size, data.size), mode="bilinear", antialias=True)

    return NetworkFeatures("digits", _digest("digit classifier", found.digest), network.shape.features,
                           lambda p: network.features(seen(p)), network.head)


def random_features(size: int = 32) -> NetworkFeatures:
    """64 features of a fixed network of random convolutions, which looks at pictures of size × size.

    Four 3 × 3 convolutions with ReLU, halved in between. Of the first three, the means and standard deviations of six
    channels over the picture; of the last, the means of seven channels over the four quarters. Weights are uniform with
    He's variance [He et al. 2015, Eq. 10], from integers, so that they are the same bits on every machine. Every second
    filter of the first layer answers to differences alone: otherwise brightness drowns noise and blur.

    Features of random networks rank coarse failures (noise, blur, colour, layout, few modes); they know nothing of what
    is in a picture. [Naeem et al. 2020 use random networks where no trained one fits]

    Errors: `InputError` for a size that is not a multiple of 16.
    """
    if size < 16 or size % 16:
        raise InputError("size", size, "a multiple of 16")
    weights = _random_weights()
    digest = _digest(f"random convolutions at {size}", *(w.numpy().tobytes().hex() for w in weights))

    def features(pictures: Tensor) -> Tensor:
        x = pictures.float().expand(-1, 3, -1, -1) / 127.5 - 1
        x = F.interpolate(x, (size, size), mode="bilinear", antialias=True)
        found = []
        for i, weight in enumerate(weights):
            x = F.relu(F.conv2d(x, weight.to(x.device), padding=1))
            if i == len(weights) - 1:
                found.append(F.adaptive_avg_pool2d(x[:, :7], 2).flatten(1))
            else:
                seen = x[:, :6].flatten(2)
                found += [seen.mean(2), seen.std(2, correction=0)]
                x = F.avg_pool2d(x, 2)
        return torch.cat(found, 1)

    return NetworkFeatures("random", digest, 64, features)


def _random_weights() -> list[Tensor]:
    random, channels, weights = generator(0), 3, []
    for i, width in enumerate((16, 32, 64, 64)):
        whole = torch.randint(1 << 24, (width, channels, 3, 3), generator=random).double()
        weight = ((whole + 0.5) / (1 << 23) - 1) * math.sqrt(6 / (9 * channels))
        if i == 0:
            weight[::2] -= weight[::2].mean((1, 2, 3), keepdim=True)
        weights.append(weight.float())
        channels = width
    return weights


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
