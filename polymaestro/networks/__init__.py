"""Published networks, layer by layer, without a dataflow: ``networks.vgg16().with_dataflow(flow)``.

A function makes a network; `NETWORKS` has all of them by name. Each says which paper its layers are from.

>>> import polymaestro as pm
>>> report = pm.networks.vgg16().with_dataflow(pm.dataflows.kc_p()).analyze(pm.Hardware(256))
>>> report.macs == pm.networks.macs(pm.networks.vgg16())
True
"""

from collections.abc import Callable

from polymaestro.batch import Network
from polymaestro.networks.convolutions import as_convolutions
from polymaestro.networks.sequence import deep_speech2, gnmt, transformer_decoder, transformer_encoder
from polymaestro.networks.totals import macs, weights
from polymaestro.networks.vision import (
    alexnet,
    dcgan,
    deep_pose,
    mobilenet_v2,
    resnet50,
    resnext50,
    unet,
    vgg16,
)

NETWORKS: dict[str, Callable[[], Network]] = {
    "alexnet": alexnet,
    "vgg16": vgg16,
    "resnet50": resnet50,
    "resnext50": resnext50,
    "mobilenet_v2": mobilenet_v2,
    "unet": unet,
    "dcgan": dcgan,
    "deep_pose": deep_pose,
    "transformer_encoder": transformer_encoder,
    "transformer_decoder": transformer_decoder,
    "gnmt": gnmt,
    "deep_speech2": deep_speech2,
}

__all__ = [
    "NETWORKS",
    "alexnet",
    "as_convolutions",
    "dcgan",
    "deep_pose",
    "deep_speech2",
    "gnmt",
    "macs",
    "mobilenet_v2",
    "resnet50",
    "resnext50",
    "transformer_decoder",
    "transformer_encoder",
    "unet",
    "vgg16",
    "weights",
]
