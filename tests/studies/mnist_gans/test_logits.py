"""S4.16 and S4.17 as items of the report."""

import torch

from genloom.gan.losses import cross_entropy
from genloom.studies.mnist_gans.logits import by_probability, of_discriminator, of_generator


def test_the_items_are_whole_and_every_verdict_holds(tiny, check) -> None:
    for item in (of_discriminator, of_generator):
        assert all(result.status == "pass" for result in check(item, tiny).results), item.number


def test_by_probabilities_it_is_the_same_loss_until_they_round() -> None:
    real, fake = torch.tensor([2.0, -1.0]), torch.tensor([0.5, -3.0])
    torch.testing.assert_close(by_probability(real, fake), cross_entropy(real, fake))
    assert by_probability(torch.tensor([-200.0]), fake).isinf()
