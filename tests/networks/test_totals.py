"""What the layers add up to, beside the totals that are printed in papers."""

from __future__ import annotations

from dataclasses import replace

import pytest

import polymaestro as pm
from polymaestro.networks import NETWORKS, macs, weights

CONV = ("CONV", "DSCONV", "NGCONV", "TRCONV")
# V. Sze, Y.-H. Chen, T.-J. Yang, J. Emer, "Efficient Processing of Deep Neural Networks: A Tutorial and
# Survey", Proceedings of the IEEE 105(12), 2017, Table II: layers, weights and MACs of the convolutions, of
# the fully connected layers, and in total.
SURVEY = {
    "alexnet": {"CONV": (5, "2.3M", "666M"), "FC": (3, "58.6M", "58.6M"), "": (8, "61M", "724M")},
    "vgg16": {"CONV": (13, "14.7M", "15.3G"), "FC": (3, "124M", "124M"), "": (16, "138M", "15.5G")},
    "resnet50": {"CONV": (53, "23.5M", "3.86G"), "FC": (1, "2M", "2M"), "": (54, "25.5M", "3.9G")},
}
UNITS = {"M": 10**6, "G": 10**9}


def rounds_to(count: int, printed: str) -> bool:
    """Whether a count, rounded to the digits of a printed figure, is that figure."""
    digits = len(printed[:-1].partition(".")[2])
    return f"{count / UNITS[printed[-1]]:.{digits}f}" == printed[:-1]


@pytest.mark.parametrize("name", SURVEY)
def test_convolutions_and_fully_connected_layers_add_up_to_the_survey_of_2017(name: str) -> None:
    network = NETWORKS[name]()
    for kind, (count, held, done) in SURVEY[name].items():
        kinds = {"CONV": CONV, "FC": ("FC",), "": (*CONV, "FC")}[kind]
        part = replace(network, layers=tuple(each for each in network.layers if each.type in kinds))
        assert len(part.layers) == count
        assert rounds_to(weights(part), held), (kind, weights(part))
        assert rounds_to(macs(part), done), (kind, macs(part))


def test_resnext_has_the_parameters_and_operations_of_its_paper() -> None:
    # S. Xie et al., CVPR 2017, Table 1: 25.0·10⁶ parameters, 4.2·10⁹ FLOPs, one for each multiply-add
    network = pm.networks.resnext50()
    assert rounds_to(weights(network), "25.0M")
    assert rounds_to(macs(network), "4.2G")


def test_mobilenet_is_within_two_percent_and_a_bit_of_its_paper() -> None:
    # M. Sandler et al., CVPR 2018, Table 4: 300M multiply-adds, 3.4M parameters. The layers of Table 2 have
    # 3.47M weights, which no rounding makes 3.4M.
    network = pm.networks.mobilenet_v2()
    assert abs(macs(network) / 300e6 - 1) < 0.003
    assert abs(weights(network) / 3.4e6 - 1) < 0.021


def test_unet_has_23_convolutions() -> None:
    # O. Ronneberger et al., MICCAI 2015, section 2: "In total the network has 23 convolutional layers."
    network = pm.networks.unet()
    assert [each.type for each in network.layers].count("TRCONV") == 4
    assert len(network.layers) == 23
    # Figure 1 prints the size of every map: 572 in, 388 out, 28 at the bottom
    assert [network.named(name)[0].numbers()["P"] for name in ("DOWN1_1", "DOWN5_2", "OUT")] == [570, 28, 388]


def test_six_layers_each_way_and_the_word_pieces_are_the_base_transformer() -> None:
    # A. Vaswani et al., NIPS 2017: 65·10⁶ parameters in Table 3 and about 37,000 shared word pieces of width
    # 512 in section 5.1. The layers as they are described give 3 % less.
    layers = weights(pm.networks.transformer_encoder()) + weights(pm.networks.transformer_decoder())
    assert 0.96 < (6 * layers + 37_000 * 512) / 65e6 < 1


def test_attention_multiplies_activations() -> None:
    encoder = pm.networks.transformer_encoder(tokens=100)
    projections, products, feeds = 4 * 100 * 512**2, 2 * 100 * 100 * 512, 2 * 100 * 512 * 2048
    assert macs(encoder) == projections + products + feeds
    assert weights(encoder) == 4 * 512**2 + 2 * 512 * 2048  # the products hold none


def test_heads_that_do_not_divide_the_width_are_refused() -> None:
    with pytest.raises(pm.PolymaestroError, match="3 heads do not divide a width of 512"):
        pm.networks.transformer_decoder(heads=3)


def test_gates_of_gnmt_read_an_input_and_a_state() -> None:
    # Y. Wu et al. print no total; section 3: 1024 nodes a layer, 8 layers each way, 32,000 word pieces
    first, wide, plain, decoder = 2 * 2 * 1024, 3 * 1024, 2 * 1024, 3 * 1024
    inputs = first + wide + 6 * plain + 8 * decoder
    assert weights(pm.networks.gnmt()) == 4 * 1024 * inputs + 1024 * 32_000


def test_the_generator_of_dcgan_halves_its_channels_and_doubles_its_pictures() -> None:
    # A. Radford et al. print no total; Figure 1 prints the sizes
    windows = 25 * (1024 * 512 + 512 * 256 + 256 * 128 + 128 * 3)
    assert weights(pm.networks.dcgan()) == 100 * 4 * 4 * 1024 + windows


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_counts_what_its_layers_have(name: str) -> None:
    network = NETWORKS[name]().with_dataflow(pm.dataflows.c_p())
    assert isinstance(network, pm.Network)
    report = network.analyze(pm.Hardware(256))
    assert len(report.layers) == len(network.layers)
    for layer, counted in zip(network.layers, report.layers, strict=True):
        assert counted.legal or layer.type in ("TRCONV", "GEMM"), counted.problems
        if counted.legal:
            assert counted.extents == layer.numbers()
            assert counted.macs == macs(replace(network, layers=(layer,)))


def test_a_layer_that_a_dataflow_does_not_fit_says_why_and_shows_no_place_in_it() -> None:
    network = pm.networks.transformer_encoder().with_dataflow(pm.dataflows.kc_p())
    report = network.analyze(pm.Hardware(256))
    problems = {layer.name: layer.problems for layer in report.layers if layer.problems}
    reason = (
        "'SpatialMap(1,1) C' leaves all units but one idle, since GEMM has no C; spread another dimension"
    )
    assert problems == {"SELF_SCORES": (reason,), "SELF_CONTEXT": (reason,)}
