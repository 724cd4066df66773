import itertools
from typing import Any

import pytest
import torch

from genloom.diffusion.denoiser import NetworkDenoiser
from genloom.diffusion.grid import grid
from genloom.diffusion.samplers.registry import trajectory
from genloom.diffusion.schedule import VariancePreserving, cosine
from genloom.errors import InputError
from genloom.recipes.interop import diffusers_scheduler as names
from genloom.recipes.process import Diffusion, Schedule
from genloom.recipes.process_parts import make_denoiser, make_schedule

INDEX = Diffusion(times="table", weight="simple", time_input="index")
TABLES: list[dict[str, Any]] = [
    {}, {"num_train_timesteps": 300}, {"beta_start": 1e-3, "beta_end": 0.1, "num_train_timesteps": 50},
    {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012},
    {"beta_schedule": "squaredcos_cap_v2"}, {"beta_schedule": "squaredcos_cap_v2", "num_train_timesteps": 50},
    {"beta_schedule": "sigmoid"},
    {"trained_betas": [0.1, 0.2, 0.3]},
]


def _ours(config: dict[str, Any]) -> VariancePreserving:
    made = make_schedule(names.read(config).schedule)
    assert isinstance(made, VariancePreserving)
    return made


@pytest.mark.parametrize("config", TABLES)
def test_a_schedulers_table_is_ours_to_its_own_precision(config: dict[str, Any]) -> None:
    from diffusers import DDPMScheduler

    theirs = DDPMScheduler(**config).alphas_cumprod.double()
    at = torch.arange(1, len(theirs) + 1, dtype=torch.float64) / len(theirs)
    # float32 products of up to 1000 factors, each off by 6e-8 at most
    torch.testing.assert_close(_ours(config).alpha(at) ** 2, theirs, rtol=6e-5, atol=1e-9)


def test_tables_that_have_a_name_keep_it() -> None:
    assert names.read({}).schedule == Schedule(kind="linear", steps=1000)
    assert names.read({"beta_schedule": "squaredcos_cap_v2"}).schedule == Schedule(kind="cosine", steps=1000)
    assert names.read({"num_train_timesteps": 300}).schedule.kind == "table"
    in_float32 = cosine(50).betas.float().double().tolist()
    assert names.read({"trained_betas": in_float32}).schedule == Schedule(kind="cosine", steps=50)


@pytest.mark.parametrize(("config", "named"), [
    ({"_class_name": "FlowMatchEulerDiscreteScheduler"}, "_class_name"),
    ({"_class_name": "EDMEulerScheduler"}, "_class_name"),
    ({"rescale_betas_zero_snr": True}, "rescale_betas_zero_snr"), ({"prediction_type": "flow"}, "prediction_type"),
    ({"prediction_type": ["epsilon"]}, "prediction_type"), ({"beta_schedule": "exp"}, "beta_schedule"),
    ({"num_train_timesteps": 10**12}, "num_train_timesteps"), ({"num_train_timesteps": "many"}, "num_train_timesteps"),
    ({"beta_start": "a"}, "beta_start"), ({"beta_end": 2.0}, "beta_end"), ({"trained_betas": "a"}, "trained_betas"),
    ({"trained_betas": [0.1, "a"]}, "trained_betas"), ({"trained_betas": [0.1, 1.0]}, r"beta\[1\]"),
    ({"trained_betas": []}, "schedule.steps"), ({"trained_betas": [0.001] * 4001}, "schedule.steps"),
])
def test_a_process_that_ours_cannot_be_is_refused_by_name(config: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=named):
        names.read(config)


@pytest.mark.parametrize(("theirs", "ours"), [("epsilon", "noise"), ("v_prediction", "velocity"), ("sample", "data")])
def test_what_is_predicted_goes_there_and_back(theirs: str, ours: str) -> None:
    assert names.read({"prediction_type": theirs}).prediction == ours
    chosen = Diffusion(prediction=ours, time_input="index")  # type: ignore[arg-type]
    assert names.write(cosine(50), chosen, clip=True, large=False)["prediction_type"] == theirs


def test_what_a_scheduler_leaves_out_is_diffusers_default() -> None:
    """`clip_sample` is true where nothing is said, and a range other than 1 is no clamp of ours."""
    assert names.read({}) == (Schedule(kind="linear"), "noise", True)
    assert names.read({"clip_sample_range": 2.0}).clip is False


def test_what_is_written_is_read_as_it_was() -> None:
    for kind, clip in itertools.product(("cosine", "linear", "sigmoid"), (True, False)):
        schedule = Schedule(kind=kind, steps=1000)  # type: ignore[arg-type]
        written = names.write(make_schedule(schedule), INDEX, clip=clip, large=False)
        assert names.read(written) == (schedule, "noise", clip)


@pytest.mark.parametrize(("kind", "chosen", "named"), [
    ("rectified", INDEX, "schedule.kind"), ("geometric", INDEX, "schedule.kind"),
    ("cosine", Diffusion(prediction="score", time_input="index"), "diffusion.prediction"),
    ("cosine", Diffusion(time_input="t"), "diffusion.time_input")])
def test_what_diffusers_has_no_word_for_is_refused(kind: str, chosen: Diffusion, named: str) -> None:
    with pytest.raises(InputError, match=named):
        names.write(make_schedule(Schedule(kind=kind)), chosen, clip=True, large=False)  # type: ignore[arg-type]


class _Net(torch.nn.Module):
    """A smooth function of x and the place in the table, of which every digit matters."""

    def forward(self, x: torch.Tensor, time: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        return torch.sin(x + time.reshape(-1, 1, 1, 1) / 1000)


def _theirs(schedule: Schedule, steps: int, kind: str, prediction: str, *, large: bool = False) -> Any:
    import diffusers

    chosen = Diffusion(prediction=prediction, time_input="index")  # type: ignore[arg-type]
    config = names.write(make_schedule(schedule), chosen, clip=False, large=large)
    scheduler = getattr(diffusers, kind).from_config(config)
    scheduler.set_timesteps(steps)
    return scheduler


def _denoiser(schedule: Schedule, prediction: str) -> NetworkDenoiser:
    return make_denoiser(Diffusion(prediction=prediction, time_input="index"),  # type: ignore[arg-type]
                         make_schedule(schedule), _Net())


@pytest.mark.parametrize(("kind", "prediction"), [("linear", "noise"), ("cosine", "velocity"), ("cosine", "data")])
@pytest.mark.parametrize("steps", [10, 50, 1000])
def test_ddim_of_diffusers_on_our_table_makes_the_same_pictures(steps: int, kind: str, prediction: str) -> None:
    """For steps that divide T its grid is ours; it computes in float32 from a table in float32.

    Noise is predicted on the linear table: 1/√ᾱ_T, by which it magnifies the rounding, is 159 there and 20,000 on the
    cosine one.
    """
    schedule = Schedule(kind=kind, steps=1000)  # type: ignore[arg-type]
    scheduler, denoiser = _theirs(schedule, steps, "DDIMScheduler", prediction), _denoiser(schedule, prediction)
    start = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    levels = grid(denoiser.schedule, steps)
    assert [round(float(level.t) * 1000) - 1 for level in levels[:-1]] == scheduler.timesteps.tolist()
    x = start
    for t in scheduler.timesteps:
        x = scheduler.step(_Net()(x, t.float()), t, x, use_clipped_model_output=True).prev_sample
    ours = trajectory("ddim", denoiser, start.double(), levels)[-1].x
    torch.testing.assert_close(x.double(), ours, rtol=0, atol=5e-5 * float(ours.abs().max()))


@pytest.mark.parametrize("large", [False, True])
def test_a_ddpm_step_of_diffusers_on_our_table_has_our_mean_and_variance(large: bool) -> None:
    from genloom.diffusion.samplers.ddpm import posterior

    schedule = Schedule(kind="linear", steps=1000)
    scheduler, denoiser = _theirs(schedule, 1000, "DDPMScheduler", "noise", large=large), _denoiser(schedule, "noise")
    levels = grid(denoiser.schedule, 1000)
    x = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    for place in (0, 400, 900, 998):
        now, then = levels[place], levels[place + 1]
        t = scheduler.timesteps[place]
        found = scheduler.step(_Net()(x, t.float()), t, x, generator=torch.Generator().manual_seed(1)).prev_sample
        q = posterior(now, then)  # type: ignore[arg-type]
        drawn = torch.randn(x.shape, generator=torch.Generator().manual_seed(1))
        x0 = denoiser(x.double(), float(now.t)).x0
        expected = q.keep * x + q.data * x0 + (q.large if large else q.small) ** 0.5 * drawn
        torch.testing.assert_close(found.double(), expected, rtol=0, atol=2e-4)
