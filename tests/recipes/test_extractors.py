import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from genloom.data.sources import File, source
from genloom.errors import DataError, InputError, UnknownName
from genloom.metrics.features import distance_name, extract, moments
from genloom.metrics.frechet import frechet_distance
from genloom.nn.image_classifier import ImageClassifier
from genloom.nn.inception import Inception
from genloom.recipes import extractors, pretrained
from genloom.recipes.build_classifiers import make_classifier
from genloom.recipes.classifiers import Classifying, Network, digit_classifier
from genloom.recipes.extractors import digits, extractor, inception, random_features
from genloom.recipes.images import Data
from genloom.rng import generator


def pictures(count: int, channels: int = 3, size: int = 32, seed: int = 0) -> Tensor:
    """Smooth random pictures: coarse noise, enlarged."""
    coarse = torch.rand(count, channels, 4, 4, generator=generator(seed))
    return (torch.nn.functional.interpolate(coarse, (size, size), mode="bilinear") * 255).to(torch.uint8)


@pytest.fixture
def no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Neither a data folder nor a cache nor a network."""
    monkeypatch.delenv("GENLOOM_DATA", raising=False)
    monkeypatch.setattr("genloom.data.store.cache", lambda: tmp_path / "cache")

    def unreachable(name: str) -> None:
        raise DataError("https://example.org/weights.pth: cannot be reached")

    monkeypatch.setattr(extractors, "fetch", unreachable)
    return tmp_path


def test_the_random_network_is_the_same_on_every_machine() -> None:
    weights = extractors._random_weights()
    assert hashlib.sha256(b"".join(w.numpy().tobytes() for w in weights)).hexdigest()[:16] == "492a82a30563fa4a"
    assert random_features().digest == random_features().digest != random_features(64).digest
    for weight in weights[1:]:  # He's variance 2/fan-in
        assert weight.var().item() == pytest.approx(2 / weight[0].numel(), rel=0.05)
    assert weights[0][::2].sum((1, 2, 3)).abs().max() < 1e-6


def test_random_features_of_one_picture_do_not_depend_on_the_others() -> None:
    take, some = random_features(), pictures(6)
    found = take(some)
    assert found.shape == (6, 64) == (6, take.dim)
    assert found.dtype == torch.float64
    alone = torch.cat([take(one[None]) for one in some])
    assert torch.allclose(found, alone, atol=1e-6)
    assert torch.allclose(take(some[:, :1]), take(some[:, :1].expand(-1, 3, -1, -1)))  # grey is three equal channels
    assert take(pictures(2, size=50)).shape == (2, 64)
    with pytest.raises(InputError, match="multiple of 16"):
        random_features(40)


def test_random_features_tell_what_is_wrong() -> None:
    """Noise, blur, lost colour and lost variety are each farther than other pictures of the same kind."""
    take, real = random_features(), moments(extract(random_features(), pictures(600)))

    def distance(some: Tensor) -> float:
        return frechet_distance(moments(extract(take, some)), real)

    others = pictures(256, seed=1)
    noise = 40 * torch.randn(others.shape, generator=generator(2))
    worse = {
        "noise": (others + noise).clamp(0, 255).to(torch.uint8),
        "grey": others.float().mean(1, keepdim=True).expand(-1, 3, -1, -1).to(torch.uint8),
        "few": others[:20].repeat(13, 1, 1, 1)[:256],
        "shuffled": others[:, :, torch.randperm(32, generator=generator(3))],
    }
    floor = distance(others)
    for name, some in worse.items():
        assert distance(some) > 2 * floor, name


@pytest.mark.parametrize("name", ["random", "pixels"])
@pytest.mark.parametrize("channels", [1, 3])
def test_extractors_without_weights_are_always_there(name: str, channels: int) -> None:
    take = extractor(name, channels=channels, size=32)
    assert distance_name(take) == f"FD-{name}"
    assert take(pictures(2, channels)).shape == (2, take.dim)
    assert len(take.digest) == 64


def test_large_pictures_are_looked_at_in_more_detail() -> None:
    assert extractor("random", channels=3, size=64).digest == random_features(64).digest
    assert extractor("random", channels=3, size=63).digest == random_features(32).digest


@pytest.fixture
def classifier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ImageClassifier:
    """A classifier of clean 16 × 16 digits under the name of the one that comes with genloom, with random weights."""
    recipe = replace(digit_classifier(), data=Data(source="digits", size=16, channels=1),
                     network=Network(width=4, multipliers=(1, 2)))
    network = make_classifier(recipe, 10).eval()
    for name, one in (("digit-classifier", recipe), ("noisy", replace(recipe, classifying=Classifying(noisy=True)))):
        weights = make_classifier(one, 10).state_dict()
        pretrained.write(tmp_path / name, one, {f"classifier/{key}": value for key, value in weights.items()},
                         [str(k) for k in range(10)], "random weights")
    monkeypatch.setattr(pretrained, "roots", lambda: [tmp_path])
    return network


def test_digits_are_seen_by_a_classifier(classifier: ImageClassifier) -> None:
    take, some = digits(), pictures(3, 1, 16)
    assert torch.allclose(take(some), classifier.features(some / 127.5 - 1).double())
    assert torch.allclose(take.logits(some), classifier(some / 127.5 - 1).double())
    assert take.dim == take(some).shape[1] == 8
    assert distance_name(take) == "FD-digits"
    assert take(pictures(2, 3, 28)).shape == (2, 8)  # other sizes and colours are brought to the classifier's
    assert extractor("digits", channels=1, size=32).digest == take.digest
    with pytest.raises(InputError, match="know classes"):
        random_features().logits(some)
    with pytest.raises(InputError, match="clean pictures"):
        digits("noisy")


def test_a_missing_digit_classifier_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "roots", lambda: [])
    for weights in ("", str(tmp_path / "none")):
        with pytest.raises(DataError, match=r"--evaluation\.features random"):
            extractor("digits", channels=1, size=32, weights=weights)


def test_without_weights_there_is_no_fid(no_data: Path) -> None:
    with pytest.raises(DataError, match=r"cannot be reached.*--evaluation.weights.*no FID and is not called so"):
        extractor("inception", channels=3, size=32)


def test_other_weights_than_the_registered_ones_are_refused(no_data: Path) -> None:
    file = no_data / "inception.pth"
    with pytest.raises(DataError, match="no such file; it is published at https"):
        inception(str(file))
    file.write_bytes(b"something else")
    with pytest.raises(DataError, match="must be 6726825d0af5"):
        inception(str(file))
    place = no_data / source("inception").files[0].path
    place.parent.mkdir()
    place.write_bytes(b"damaged")
    with pytest.raises(DataError):
        inception(data_root=no_data)


def test_inception_with_registered_weights_gives_the_fid(no_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    network = Inception()
    file = no_data / "inception" / "weights.pth"
    file.parent.mkdir()
    torch.save(network.state_dict(), file)  # noqa: TID251 # the published file is of this kind
    registered = File(path="inception/weights.pth", bytes=file.stat().st_size, url="https://example.org/weights.pth",
                      sha256=hashlib.sha256(file.read_bytes()).hexdigest())
    known = replace(source("inception"), files=(registered,))
    monkeypatch.setattr(extractors, "source", lambda name: known)
    monkeypatch.setattr(extractors, "locate", lambda name, root: {"weights.pth": file})
    take = extractor("inception", channels=3, size=32)
    some = pictures(2)
    assert torch.allclose(take(some), network(some).double())
    assert take.dim == take(some).shape[1] == 2048
    assert distance_name(take) == "FID"
    assert take.logits(some).shape == (2, 1008)
    assert extractor("inception", channels=3, size=32, weights=str(file)).digest == take.digest


def test_a_typo_gets_a_suggestion() -> None:
    with pytest.raises(UnknownName, match="did you mean 'pixels'"):
        extractor("pixel", channels=3, size=32)


def test_what_a_recipe_takes_by_itself_depends_on_its_pictures() -> None:
    mnist = Data(source="mnist", size=32, channels=1)
    assert extractors.chosen(mnist, "auto").name == "digits"
    assert extractors.chosen(replace(mnist, folder="my-cats"), "auto").name == "random", "a folder may hold anything"
    assert extractors.chosen(Data(source="cats64"), "auto").name == "random"
    assert extractors.chosen(mnist, "pixels").name == "pixels"
