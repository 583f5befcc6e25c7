"""Networks that look at pictures: layers by layer as their papers give them, batch 1, biases left out.

Pooling and element-wise layers hold no weights and are left out, except where a network is known by them.
"""

from __future__ import annotations

from collections.abc import Iterator

from polymaestro.batch import Network
from polymaestro.dataflow import Layer
from polymaestro.networks.building import conv, dense, up


def alexnet() -> Network:
    """AlexNet, 227×227 pictures, with its two groups in CONV2, CONV4 and CONV5.

    Source: A. Krizhevsky, I. Sutskever, G. Hinton, "ImageNet Classification with Deep Convolutional Neural
    Networks", NIPS 2012, section 3.5.

    >>> from polymaestro.networks import macs, weights
    >>> macs(alexnet()), weights(alexnet())
    (724406816, 60954656)
    """
    return Network(
        "AlexNet",
        (
            conv("CONV1", 55, 3, 96, 11, stride=4),
            conv("CONV2", 27, 96, 256, 5, groups=2),
            conv("CONV3", 13, 256, 384, 3),
            conv("CONV4", 13, 384, 384, 3, groups=2),
            conv("CONV5", 13, 384, 256, 3, groups=2),
            dense("FC6", 6 * 6 * 256, 4096),
            dense("FC7", 4096, 4096),
            dense("FC8", 4096, 1000),
        ),
    )


def vgg16() -> Network:
    """VGG-16, 224×224 pictures.

    Source: K. Simonyan, A. Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
    Recognition", ICLR 2015, Table 1, column D.

    >>> from polymaestro.networks import macs, weights
    >>> macs(vgg16()), weights(vgg16())
    (15470264320, 138344128)
    """
    stages = ((224, 64, 2), (112, 128, 2), (56, 256, 3), (28, 512, 3), (14, 512, 3))
    layers: list[Layer] = []
    channels = 3
    for size, width, count in stages:
        for _ in range(count):
            layers.append(conv(f"CONV{len(layers) + 1}", size, channels, width, 3))
            channels = width
    layers += [dense("FC1", 7 * 7 * 512, 4096), dense("FC2", 4096, 4096), dense("FC3", 4096, 1000)]
    return Network("VGG16", tuple(layers))


def resnet50() -> Network:
    """ResNet-50, 224×224 pictures; the first 1×1 convolution of a stage has its stride.

    Source: K. He, X. Zhang, S. Ren, J. Sun, "Deep Residual Learning for Image Recognition", CVPR 2016,
    Table 1.

    >>> from polymaestro.networks import macs, weights
    >>> macs(resnet50()), weights(resnet50())
    (3857973248, 25502912)
    """
    return Network("ResNet50", tuple(_residual(groups=1, widening=4)))


def resnext50() -> Network:
    """ResNeXt-50 (32×4d), 224×224 pictures; the 3×3 convolution of a stage's first block has its stride.

    Source: S. Xie, R. Girshick, P. Dollár, Z. Tu, K. He, "Aggregated Residual Transformations for Deep
    Neural Networks", CVPR 2017, Table 1.

    >>> from polymaestro.networks import macs, weights
    >>> macs(resnext50()), weights(resnext50())
    (4230479872, 24959680)
    """
    return Network("ResNeXt50", tuple(_residual(groups=32, widening=2)))


def _residual(groups: int, widening: int) -> Iterator[Layer]:
    """Give the four stages of bottleneck blocks between the first convolution and the last layer."""
    yield conv("CONV1", 112, 3, 64, 7, stride=2)
    channels = 64
    for stage, (size, outputs, blocks) in enumerate(
        ((56, 256, 3), (28, 512, 4), (14, 1024, 6), (7, 2048, 3)), start=2
    ):
        width = outputs // widening
        for block in range(1, blocks + 1):
            name = f"CONV{stage}_{block}"
            stride = 2 if stage > 2 and block == 1 else 1  # noqa: PLR2004  stage 2 follows a pooling layer
            inner = size if groups == 1 else size * stride
            yield conv(f"{name}_1", inner, channels, width, 1, stride=stride if groups == 1 else 1)
            yield conv(f"{name}_2", size, width, width, 3, stride=stride if groups > 1 else 1, groups=groups)
            yield conv(f"{name}_3", size, width, outputs, 1)
            if block == 1:
                yield conv(f"{name}_SHORTCUT", size, channels, outputs, 1, stride=stride)
            channels = outputs
    yield dense("FC1000", channels, 1000)


def mobilenet_v2() -> Network:
    """MobileNetV2 of width 1, 224×224 pictures.

    Source: M. Sandler, A. Howard, M. Zhu, A. Zhmoginov, L.-C. Chen, "MobileNetV2: Inverted Residuals and
    Linear Bottlenecks", CVPR 2018, Table 2.

    >>> from polymaestro.networks import macs, weights
    >>> macs(mobilenet_v2()), weights(mobilenet_v2())
    (300774272, 3469760)
    """
    return Network("MobileNetV2", tuple(_inverted()))


def _inverted() -> Iterator[Layer]:
    """Give the blocks: widen by `factor` with 1×1, filter each channel with 3×3, narrow with 1×1."""
    yield conv("CONV1", 112, 3, 32, 3, stride=2)
    size, channels, index = 112, 32, 0
    table = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2))
    for factor, outputs, count, first in (*table, (6, 320, 1, 1)):
        for step in range(count):
            index += 1
            stride = first if step == 0 else 1
            width = channels * factor
            if factor > 1:
                yield conv(f"BLOCK{index}_EXPAND", size, channels, width, 1)
            size //= stride
            yield conv(f"BLOCK{index}_DEPTHWISE", size, width, width, 3, stride=stride, groups=width)
            yield conv(f"BLOCK{index}_PROJECT", size, width, outputs, 1)
            channels = outputs
    yield conv("CONV2", size, channels, 1280, 1)
    yield dense("FC", 1280, 1000)


def unet() -> Network:
    """U-Net, 572×572 pictures, convolutions without padding, two classes.

    Source: O. Ronneberger, P. Fischer, T. Brox, "U-Net: Convolutional Networks for Biomedical Image
    Segmentation", MICCAI 2015, Figure 1.

    >>> from polymaestro.networks import macs, weights
    >>> macs(unet()), weights(unet())
    (150428424448, 31023808)
    """
    layers: list[Layer] = []
    size, channels = 572, 1
    for level, width in enumerate((64, 128, 256, 512, 1024), start=1):
        for step in (1, 2):
            size -= 2
            layers.append(conv(f"DOWN{level}_{step}", size, channels, width, 3))
            channels = width
        size //= 2 if level < 5 else 1  # noqa: PLR2004  no pooling at the bottom
    for level, width in zip((4, 3, 2, 1), (512, 256, 128, 64), strict=True):
        layers.append(up(f"UP{level}", size, channels, width, 2, stride=2))
        size, channels = 2 * size, 2 * width  # half of the channels come over from the way down
        for step in (1, 2):
            size -= 2
            layers.append(conv(f"UP{level}_{step}", size, channels, width, 3))
            channels = width
    layers.append(conv("OUT", size, channels, 2, 1))
    return Network("UNet", tuple(layers))


def dcgan() -> Network:
    """The generator of DCGAN, 64×64 pictures from 100 numbers; 5×5 windows, each step doubles the size.

    Source: A. Radford, L. Metz, S. Chintala, "Unsupervised Representation Learning with Deep Convolutional
    Generative Adversarial Networks", ICLR 2016, Figure 1.

    >>> from polymaestro.networks import macs, weights
    >>> macs(dcgan()), weights(dcgan())
    (640614400, 18851200)
    """
    widths = ((4, 1024, 512), (8, 512, 256), (16, 256, 128), (32, 128, 3))
    ups = (
        up(f"UP{i}", size, inputs, outputs, 5, stride=2)
        for i, (size, inputs, outputs) in enumerate(widths, 1)
    )
    return Network("DCGAN", (dense("PROJECT", 100, 4 * 4 * 1024), *ups))


def deep_pose() -> Network:
    """A network like DeepPose: AlexNet without groups on 220×220 pictures, and a pair of numbers per joint.

    The paper does not give the last pooling; one to 4×4 is what makes its 40 million parameters.

    Source: A. Toshev, C. Szegedy, "DeepPose: Human Pose Estimation via Deep Neural Networks", CVPR 2014,
    section 3.1.

    >>> deep_pose().layers[-1].dimensions["K"].constant  # 14 joints
    28
    """
    joints, pooled = 14, 4
    return Network(
        "DeepPose",
        (
            conv("CONV1", 55, 3, 96, 11, stride=4),
            conv("CONV2", 27, 96, 256, 5),
            conv("CONV3", 13, 256, 384, 3),
            conv("CONV4", 13, 384, 384, 3),
            conv("CONV5", 13, 384, 256, 3),
            dense("FC6", pooled**2 * 256, 4096),
            dense("FC7", 4096, 4096),
            dense("JOINTS", 4096, 2 * joints),
        ),
    )
