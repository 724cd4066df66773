"""The course's command line means what the recipe's own flags mean."""

import pytest

from genloom.cli.asked import asked
from genloom.cli.course import COURSE, translated
from genloom.errors import InputError
from genloom.recipes import recipe


def test_the_course_s_command_line_is_understood_whole() -> None:
    words = ("ddpm-cats --time_steps 300 --train_steps 10000 --unet_dim 24 --save_and_sample_every 500 --fid "
             "--visualize --image_size 64 --batch_size 16 --data_class cat "
             "--data_path ./data/train/ --save_folder ./results/ --learning_rate 2e-3")
    found = asked(words.split())
    made = found.recipe
    assert (made.schedule.steps, made.engine.steps, made.network.width) == (300, 10_000, 24)
    assert (made.engine.save_every, made.engine.sample_every, made.engine.evaluate_every) == (500, 500, 500)
    assert made.evaluation.track
    assert (made.data.size, made.engine.batch_size, made.data.category) == (64, 16, "cat")
    assert made.data.folder == "./data/train/"
    assert str(found.options.out) == "results"
    assert made.optimizer.lr == 2e-3


def test_the_source_s_command_is_the_recipe_as_it_is() -> None:
    words = ("ddpm-cats --time_steps 50 --train_steps 1000 --image_size 32 --batch_size 32 --learning_rate 1e-3 "
             "--unet_dim 16")
    assert asked(words.split()).recipe == recipe("ddpm-cats")


def test_without_fid_the_distance_is_not_taken_more_often() -> None:
    assert "--engine.evaluate-every" not in translated(["--save_and_sample_every=100"])


@pytest.mark.parametrize("flag", COURSE)
def test_dashes_underscores_and_equals_signs_are_one(flag: str) -> None:
    spelt = flag[2:].replace("-", "_")
    assert translated([f"--{spelt}", "7"]) == translated([f"{flag}=7"]) == translated([f"--{spelt}=7"])


def test_other_words_pass_untouched() -> None:
    words = ["--engine.steps", "5", "--seed=3", "--quiet"]
    assert translated(words) == words


def test_what_has_no_value_or_another_command_is_refused() -> None:
    with pytest.raises(InputError, match="genloom report runs/x"):
        translated(["--load_path", "runs/x"])
    with pytest.raises(InputError, match="a value"):
        translated(["--unet_dim"])
    with pytest.raises(InputError, match="without a value"):
        translated(["--fid=1"])


@pytest.mark.parametrize(("misspelt", "meant"), [("--train_stps", "--train-steps"), ("--visualise", "--visualize"),
                                                 ("--sampling.step", "--sampling.steps")])
def test_a_misspelt_flag_is_answered_with_the_nearest_of_both_spellings(misspelt: str, meant: str) -> None:
    with pytest.raises(InputError, match=f"did you mean {meant}"):
        asked(["ddpm-cats", misspelt, "10"])
