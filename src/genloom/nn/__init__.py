"""Networks and their parts."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(
    __name__,
    {
        "MLP": "mlp",
        "ScoreNet": "scorenet",
        "FourierFeatures": "embeddings",
        "Sinusoidal": "embeddings",
        "TimeEmbedding": "embeddings",
        "ClassEmbedding": "conditioning",
        "LabelSetEmbedding": "conditioning",
        "SelfAttention": "attention",
        "CrossAttention": "attention",
        "GroupNorm": "norm",
        "ResidualBlock": "residual",
        "UNet": "unet",
        "UNetShape": "unet_shape",
        "DiT": "dit",
        "DiTShape": "dit",
        "NaiveUNet": "naive_unet",
        "NaiveUNetShape": "naive_unet",
        "ImageClassifier": "image_classifier",
        "ClassifierShape": "image_classifier",
        "KLAutoencoder": "autoencoder",
        "AutoencoderShape": "autoencoder",
        "ResNet": "resnet",
        "ResNetShape": "resnet",
        "PatchDiscriminator": "patch_discriminator",
        "PatchShape": "patch_discriminator",
        "Inception": "inception",
    },
)
