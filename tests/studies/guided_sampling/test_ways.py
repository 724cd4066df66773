"""Scale 0 and scale 1 of each way are what they are said to be."""

import torch

from genloom.studies.guided_sampling.judges import NOISY
from genloom.studies.guided_sampling.ways import WAYS, guided, tools
from genloom.studies.guided_sampling.work import drawn

BY_KEY = {way.key: way for way in WAYS}


def test_scale_0_of_classifiers_and_of_classifier_free_is_one_set_of_pictures(tiny) -> None:
    free = guided(tiny, BY_KEY["classifier-free"], 0.0)
    assert guided(tiny, BY_KEY["classifier-ddim"], 0.0) is free
    assert guided(tiny, BY_KEY["clean-classifier"], 0.0) is free


def test_scale_1_without_a_classifier_is_the_conditional_model(tiny) -> None:
    plain = drawn(tiny, "ddim", 5).first(20).pictures
    for key in ("classifier-free", "interval", "autoguidance"):
        assert torch.equal(guided(tiny, BY_KEY[key], 1.0).pictures, plain)


def test_ddpm_without_a_push_is_ddpm(tiny) -> None:
    one, other = (guided(tiny, BY_KEY["classifier-ddpm"], scale).pictures for scale in (0.0, 8.0))
    assert not torch.equal(one, other)


def test_calls_of_both_networks_count(tiny) -> None:
    assert guided(tiny, BY_KEY["autoguidance"], 8.0).calls == 2 * 5
    assert guided(tiny, BY_KEY["clean-classifier"], 8.0).calls == 2 * 5
    assert guided(tiny, BY_KEY["classifier-ddim"], 8.0).calls == 5


def test_the_guide_at_x_t_is_the_classifier_of_noised_digits(tiny) -> None:
    assert tools(tiny).noisy.place == NOISY
    assert tools(tiny).clean.process is None


def test_classifier_guidance_raises_what_its_guide_sees(tiny) -> None:
    way, guide = BY_KEY["classifier-ddim"], tools(tiny).noisy

    def seen(scale: float) -> float:
        found = guided(tiny, way, scale)
        logits = guide.logits(found.pictures.float() / 127.5 - 1).log_softmax(1)
        return float(logits.gather(1, found.labels[:, None]).mean())

    assert seen(8.0) > seen(0.0)
