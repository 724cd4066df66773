"""The study: its items in the order of the report."""

from genloom.studies import at_hand
from genloom.studies.guided_sampling.compared import compared
from genloom.studies.guided_sampling.ddim import ddim_sampler, ddim_scores
from genloom.studies.guided_sampling.ddpm import ddpm_pictures, ddpm_scores
from genloom.studies.guided_sampling.effects import effects
from genloom.studies.guided_sampling.guidance import guidance
from genloom.studies.guided_sampling.metrics import metrics
from genloom.studies.study import Study

STUDY = Study(
    name="guided-sampling",
    title="One model of digits, many ways to draw from it",
    summary="A class-conditional U-Net is trained once. DDPM, DDIM and faster samplers draw from it at 3 to 1000 "
            "steps, six ways of guidance push it towards a class, and every picture is scored beside real test digits. "
            "What has an exact answer is checked to rounding, or on a mixture of Gaussians where all is known.",
    data=lambda context: at_hand.digits(context.data_root).said,
    deliverables=(ddpm_pictures, ddpm_scores, ddim_sampler, ddim_scores, compared, guidance, effects, metrics),
    expected={"laptop": "about an hour on one CPU core of two, a third of it DDPM at 1000 steps",
              "gpu": "some 30 minutes on one GPU, most of it training"},
)
