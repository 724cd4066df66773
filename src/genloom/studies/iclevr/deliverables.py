"""The study: its items in the order of the report."""

from genloom.studies import at_hand
from genloom.studies.iclevr import accuracy, grids
from genloom.studies.iclevr.architecture import architecture
from genloom.studies.iclevr.compared import compared
from genloom.studies.iclevr.copies import copies
from genloom.studies.iclevr.cost import cost
from genloom.studies.iclevr.denoising import denoising
from genloom.studies.iclevr.embedding import embedding
from genloom.studies.iclevr.extras import ablations
from genloom.studies.iclevr.gan_losses import losses
from genloom.studies.iclevr.gan_parts import parts
from genloom.studies.iclevr.gan_training import training
from genloom.studies.iclevr.held_out import held_out
from genloom.studies.iclevr.labels import loader
from genloom.studies.iclevr.predictions import predictions
from genloom.studies.iclevr.samplers import sampling
from genloom.studies.iclevr.schedules import schedules
from genloom.studies.iclevr.swaps import swaps
from genloom.studies.iclevr.words import describe_ddpm, describe_gan, introduction
from genloom.studies.study import Study

STUDY = Study(
    name="iclevr",
    title="Sets of objects: a conditional GAN and a conditional DDPM on i-CLEVR",
    summary="Both models are told which of 24 objects to draw, and two evaluators look at what they drew: one that may "
            "guide, and another one that judges. Every part is tried beside what is known of it, accuracies have "
            "several sampling seeds and stand beside chance and real pictures of the same sets, and further "
            "experiments change one choice, one attribute, or what is trained on.",
    data=lambda context: at_hand.iclevr(context.data_root).said,
    deliverables=(loader, embedding, parts, losses, training, architecture, schedules, predictions, sampling,
                  grids.gan_test, grids.gan_new_test, grids.ddpm_test, grids.ddpm_new_test, denoising,
                  accuracy.gan_test, accuracy.gan_new_test, accuracy.ddpm_test, accuracy.ddpm_new_test,
                  introduction, describe_gan, describe_ddpm, compared, ablations, swaps, held_out, cost, copies),
    expected={"laptop": "about 95 minutes on 2 CPU cores, most of it small trainings for ablations, and 3 GB of disk; "
                        "where a model or an evaluator does not come with genloom its training is added, up to 90 "
                        "minutes each",
              "gpu": "some hours on one GPU, and 20 GB of disk"},
)
