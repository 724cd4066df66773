"""What is said of a GAN is right where the answer is known: of real pictures, of copies, of one who knows them."""

import math
from collections.abc import Mapping
from types import SimpleNamespace

import pytest
import torch
from gans_small import TOLD, built
from torch import Tensor, nn

from genloom.data.images.augment import centre
from genloom.nn.gan.verdict import Verdict
from genloom.recipes.build_gans import GanExperiment
from genloom.recipes.gans import Evaluation, Latent, Network
from genloom.recipes.images import Data
from genloom.recipes.judge_gans import (
    CODES,
    asked,
    choosing_reference,
    classes_of,
    judge_all,
    judge_classes,
    judge_codes,
    judge_discriminator,
    judge_spread,
    quick,
    quick_floor,
    read,
    spread,
)
from genloom.report.results import Result

DIGITS = {"data": Data(source="digits", size=28, channels=1, zoom=1.0, flip=False),
          "evaluation": Evaluation(samples=40, quick=20)}


@pytest.fixture(scope="module")
def plain() -> GanExperiment:
    return built()


@pytest.fixture(scope="module")
def digits() -> GanExperiment:
    """One whose samples the classifier of digits can read."""
    return built(network=TOLD, **DIGITS)


def by_name(results: list[Result]) -> Mapping[str, Result]:
    return {result.name: result for result in results}


BALANCE = "balance of classes, KL(samples ‖ training pictures)"


class Rule(nn.Module):
    """A discriminator that follows a rule."""

    def __init__(self, logit: object, code: object = None) -> None:
        super().__init__()
        self.weight, self.logit, self.code = nn.Parameter(torch.zeros(1)), logit, code

    def forward(self, x: Tensor, y: Tensor | None = None) -> Verdict:
        return Verdict(self.logit(x), None, None if self.code is None else self.code(x))  # type: ignore[operator,misc]


def test_every_number_is_there_and_stands_beside_another(plain: GanExperiment) -> None:
    results = judge_all(plain, plain.networks)
    assert [result.name for result in results[:6]] == ["FD-pixels", "KID-pixels", "precision", "recall", "density",
                                                       "coverage"]
    assert len(results) == 9
    assert all(result.value is not None and result.known is not None for result in results)
    distance = results[0]
    assert distance.value is not None
    assert distance.known is not None
    assert distance.value > distance.known, "an untrained generator is farther off than real pictures"


def test_the_best_checkpoint_is_chosen_by_other_samples_and_pictures_than_are_reported(plain: GanExperiment) -> None:
    seeds: list[int] = []

    def draw(networks: object, *, count: int, seed: int) -> Tensor:
        seeds.append(seed)
        return plain.draw(plain.networks, count=count, seed=seed)

    names = ("recipe", "extractor", "data", "kept", "readable")
    seen = SimpleNamespace(draw=draw, **{name: getattr(plain, name) for name in names})
    found = quick(seen, plain.networks)  # type: ignore[arg-type]
    assert list(found) == ["FD-pixels", "spread"]
    assert not set(seeds) & set(range(1000))
    assert choosing_reference(plain).digest != plain.reference.digest
    assert 0 < quick_floor(plain) < found["FD-pixels"]


def test_spread_is_1_for_the_data_and_0_for_one_picture(plain: GanExperiment) -> None:
    real = centre(plain.data.pictures[:50], 16)
    assert spread(plain, real) == pytest.approx(1)
    assert spread(plain, real[:1].repeat(50, 1, 1, 1)) == 0
    result = judge_spread(plain, real)
    assert result.value == pytest.approx(1)


def test_real_digits_are_of_all_classes_and_of_those_they_are_labelled_with(digits: GanExperiment) -> None:
    real, labels = digits.kept.pictures[:300], digits.kept.labels
    assert labels is not None
    results = by_name(judge_classes(digits, real, labels[:300]))
    seen, balance = results["classes seen, of 10"], results[BALANCE]
    assert (seen.value, seen.status) == (10, "pass")
    assert balance.value == balance.known, "these are the pictures of the floor"
    assert balance.value is not None
    assert balance.value < 0.05
    asked_for = results["samples of the class that was asked for"]
    assert asked_for.value == pytest.approx(asked_for.known)
    sure = results["sureness of the classifier of digits"]
    assert sure.value == pytest.approx(sure.known)


def test_one_picture_again_and_again_is_a_collapse(digits: GanExperiment) -> None:
    alike = digits.kept.pictures[:1].repeat(60, 1, 1, 1)
    results = by_name(judge_classes(digits, alike, None))
    seen = results["classes seen, of 10"]
    assert (seen.value, seen.status) == (1, "fail")
    assert results[BALANCE].value == pytest.approx(math.log(10), abs=0.4)
    assert "samples of the class that was asked for" not in results


def test_a_handful_of_misread_samples_do_not_make_a_class(digits: GanExperiment) -> None:
    found = torch.cat((torch.arange(9).repeat(100), torch.tensor([9])))
    assert classes_of(digits, found).seen == 9
    assert read(digits, digits.kept.pictures[:4]).sum(1).tolist() == pytest.approx([1] * 4)


def test_a_discriminator_that_knows_nothing_and_one_that_knows_its_pictures(plain: GanExperiment) -> None:
    drawn = plain.draw(plain.networks, count=40, seed=0)
    blind = {**plain.networks, "discriminator": Rule(lambda x: torch.zeros(len(x)))}
    assert [result.value for result in judge_discriminator(plain, blind, drawn, None)] == [0.5, 0.5]
    known = plain.real_floats(40)

    def by_heart(x: Tensor) -> Tensor:
        return ((x[:, None] - known).abs().flatten(2).amax(2).amin(1) < 1e-6).float()

    sure = {**plain.networks, "discriminator": Rule(by_heart)}
    above_samples, above_kept = judge_discriminator(plain, sure, drawn, None)
    assert above_samples.value == 0.5
    assert above_kept.value == 1
    found = asked(plain, sure, drawn, None)
    assert found.training.tolist() == [1] * 40
    assert found.kept.tolist() == found.samples.tolist() == [0] * 40


def test_a_discriminator_is_told_the_class_of_each_picture(digits: GanExperiment) -> None:
    heard: list[Tensor | None] = []

    class Listening(Rule):
        def forward(self, x: Tensor, y: Tensor | None = None) -> Verdict:
            heard.append(y)
            return Verdict(x.new_zeros(len(x)))

    labels = torch.arange(40) % 10
    drawn = digits.draw(digits.networks, count=40, seed=0, labels=labels)
    asked(digits, {**digits.networks, "discriminator": Listening(None)}, drawn, labels)
    assert digits.data.labels is not None
    assert digits.kept.labels is not None
    for told, wanted in zip(heard, (digits.data.labels[:40], digits.kept.labels[:40], labels), strict=True):
        assert told is not None
        assert torch.equal(told.argmax(1), wanted)


def test_codes_that_are_read_from_the_picture_are_counted() -> None:
    experiment = built(latent=Latent(size=4, categories=10, values=1), **DIGITS)
    n = 200
    category = experiment.latent.code(experiment.z(n, 0)).category
    assert category is not None
    assert experiment.kept.labels is not None
    # the generator makes the digit that its category says, and the discriminator reads it off its first pixel
    of_class = [experiment.kept.pictures[experiment.kept.labels == k] for k in range(10)]
    drawn = torch.stack([of_class[k][i % len(of_class[k])] for i, k in enumerate(category.tolist())])
    drawn[:, 0, 0, 0] = category.to(torch.uint8)

    def code(x: Tensor) -> Tensor:
        read_off = (experiment.scale.pictures(x)[:, 0, 0, 0]).long()
        return torch.cat((nn.functional.one_hot(read_off, 10), torch.zeros(len(x), 1)), 1).float()

    reading = Rule(lambda x: torch.zeros(len(x)), code)
    results = judge_codes(experiment, {**experiment.networks, "discriminator": reading}, drawn, None)
    told, matched, information, value = results
    assert (told.value, told.known) == (1, 0.1)
    assert matched.value is not None
    assert matched.known is not None
    kept = experiment.kept
    assert kept.labels is not None
    right = float((read(experiment, kept.pictures).argmax(1) == kept.labels).double().mean())
    assert matched.value == pytest.approx(right, abs=0.1), "the classifier's own mistakes on these pictures"
    assert matched.known < 0.3
    assert information.value is not None
    assert information.known is not None
    assert information.value > 0.5 > 0.2 > information.known
    assert value.value == pytest.approx(1 / 3, abs=0.08), "who always says 0 is at chance"
    assert judge_codes(built(), experiment.networks, drawn, None) == []


def test_values_of_a_code_stand_beside_chance_one_by_one() -> None:
    """The discriminator is told the first value by the first pixel, and says the opposite of the second."""
    experiment = built(latent=Latent(size=4, values=2))
    n = 250
    values = experiment.latent.code(experiment.z(n, 0)).values
    assert values is not None
    drawn = torch.zeros(n, 1, 16, 16, dtype=torch.uint8)
    drawn[:, 0, 0, :2] = ((values + 1) * 127.5).round().to(torch.uint8)

    def code(x: Tensor) -> Tensor:
        read_off = experiment.scale.pictures(x)[:, 0, 0, :2] / 127.5 - 1
        return read_off * torch.tensor([1.0, -1.0])

    reading = Rule(lambda x: torch.zeros(len(x)), code)
    first, second = judge_codes(experiment, {**experiment.networks, "discriminator": reading}, drawn, None)
    assert first.value is not None
    assert second.value is not None
    assert "value 1" in first.name
    assert "value 2" in second.name
    assert first.known == second.known == pytest.approx(1 / 3)
    assert first.value < 1e-4, "but for the rounding to bytes"
    assert second.value == pytest.approx(4 / 3, abs=0.25), "E (2c)²"
    assert second.interval is not None
    assert second.interval[0] < second.value < second.interval[1]


def test_no_more_values_are_judged_than_are_shown() -> None:
    experiment = built(latent=Latent(size=4, values=CODES + 2))
    drawn = experiment.draw(experiment.networks, count=20, seed=0)
    assert len(judge_codes(experiment, experiment.networks, drawn, None)) == CODES


@pytest.mark.parametrize("count", [2, 5, 40])
def test_a_progressive_discriminator_sees_four_pictures_at_a_time_as_in_training(count: int) -> None:
    """Over a batch that is no multiple of four it would take the variation of all, which training never showed it."""
    growing = built(network=Network(kind="progressive", width=4, norm="none"))
    drawn, judge = growing.draw(growing.networks, count=count, seed=0), growing.networks["discriminator"]
    said = asked(growing, growing.networks, drawn, None).samples
    again = growing.scale.floats(drawn[torch.arange(-(-count // 4) * 4) % count])
    with torch.no_grad():
        fours = torch.cat([judge(four).logits for four in again.split(4)]).double()
    torch.testing.assert_close(said, fours[:count], rtol=1e-4, atol=1e-5)
