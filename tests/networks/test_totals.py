"""What the layers add up to, beside the totals that are printed in papers."""

from __future__ import annotations

from dataclasses import replace

import pytest

import polymaestro as pm
from polymaestro.dataflow import Layer
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


# torchvision, the pages of its models: num_params and GFLOPS, one for each multiply-add. What the layers here
# leave out is counted from them: two numbers of a batch normalisation, or one bias, for each output.
TORCHVISION = {
    "vgg16": (138_357_544, "15.47G", {"CONV": 1, "FC": 1}),
    "resnet50": (25_557_032, None, {"CONV": 2, "FC": 1}),  # strides of another layer: 4.09G
    "resnext50": (25_028_904, "4.23G", {"CONV": 2, "FC": 1}),
    "mobilenet_v2": (3_504_872, "0.30G", {"CONV": 2, "FC": 1}),
}


@pytest.mark.parametrize("name", TORCHVISION)
def test_weights_and_what_goes_with_each_output_are_the_parameters_of_torchvision(name: str) -> None:
    network = NETWORKS[name]()
    parameters, done, beside = TORCHVISION[name]
    listed = sum(beside["FC" if each.type == "FC" else "CONV"] * outputs(each) for each in network.layers)
    assert weights(network) + listed == parameters
    assert done is None or rounds_to(macs(network), done)


def outputs(layer: Layer) -> int:
    """Count the channels that a layer gives, for each of which there is one bias."""
    sizes = layer.numbers()
    return sizes.get("G", 1) * sizes.get("K", sizes["C"])


def test_mobilenet_has_what_its_authors_print_with_two_decimals() -> None:
    # TensorFlow's research/slim/nets/mobilenet, its authors' checkpoints: 300 million MACs and 3.47 million
    # parameters for mobilenet_v2_1.0_224. M. Sandler et al., CVPR 2018, Table 4, cut the latter to 3.4M.
    network = pm.networks.mobilenet_v2()
    assert rounds_to(weights(network), "3.47M")
    assert macs(network) // 10**6 == 300


def test_unet_has_23_convolutions() -> None:
    # O. Ronneberger et al., MICCAI 2015, section 2: "In total the network has 23 convolutional layers."
    network = pm.networks.unet()
    assert [each.type for each in network.layers].count("TRCONV") == 4
    assert len(network.layers) == 23
    # Figure 1 prints the size of every map: 572 in, 388 out, 28 at the bottom
    assert [network.named(name)[0].numbers()["P"] for name in ("DOWN1_1", "DOWN5_2", "OUT")] == [570, 28, 388]


def test_unet_with_its_biases_has_the_parameters_of_its_implementations() -> None:
    # The paper prints none. J. Akeret et al.'s tf_unet with 5 layers of 64 features and Keras' summaries of
    # models with 388 rows and two classes print 31,030,658.
    network = pm.networks.unet()
    assert weights(network) + sum(outputs(each) for each in network.layers) == 31_030_658


# A. Vaswani et al., NIPS 2017, Table 3: N, d_model, d_ff and the millions of parameters of each row that
# changes one of them.
TRANSFORMERS = (
    (6, 512, 2048, 65),
    (2, 512, 2048, 36),
    (4, 512, 2048, 50),
    (8, 512, 2048, 80),
    (6, 256, 2048, 28),
    (6, 1024, 2048, 168),
    (6, 512, 1024, 53),
    (6, 512, 4096, 90),
)


def test_eight_transformers_differ_as_table_3_says_and_share_the_rows_of_their_embeddings() -> None:
    """One number of rows, the vocabulary and all else that grows with the width, must do for all.

    The table leaves 41,100 to 41,288, though section 5.1 says about 37,000 word pieces.
    """
    rows = set(range(30_000, 50_000))
    for count, width, inner, millions in TRANSFORMERS:
        layers = count * pair(width, inner)
        rows = {each for each in rows if rounds_to(layers + each * width, f"{millions}M")}
    assert (min(rows), max(rows)) == (41_100, 41_288)


def test_the_big_transformer_has_embeddings_of_36_thousand_rows() -> None:
    # ibid., last row: 213 million
    assert rounds_to(6 * pair(1024, 4096) + 36_000 * 1024, "213M")


def pair(width: int, inner: int) -> int:
    """Count the weights of an encoder and a decoder layer."""
    encoder = pm.networks.transformer_encoder(width=width, inner=inner)
    return weights(encoder) + weights(pm.networks.transformer_decoder(width=width, inner=inner))


def test_deep_speech_has_68_million_parameters() -> None:
    # D. Amodei et al., arXiv 1512.02595, Table 10, as the list "WER are we" quotes it: 2 layers of
    # 2D-invariant convolution and 7 recurrent layers with 68M parameters. Windows: its table of convolutions.
    network = pm.networks.deep_speech2()
    sizes = [each.numbers() for each in network.layers if each.type == "CONV"]
    assert [(each["K"], each["R"], each["S"]) for each in sizes] == [(32, 41, 11), (32, 21, 11)]
    assert rounds_to(weights(network), "68M")
    # no other reading of the text has as many
    inputs, full = ([each for each in network.layers if word in each.name] for word in ("INPUT", "FULL"))
    assert (len(inputs), len(full)) == (7, 1)
    assert rounds_to(weights(replace(network, layers=(*network.layers, *inputs))), "89M")
    assert rounds_to(weights(network) - weights(replace(network, layers=tuple(full))), "65M")


def test_deep_pose_has_40_million_parameters_with_a_last_map_of_4_by_4_alone() -> None:
    # A. Toshev, C. Szegedy, CVPR 2014, section 3.1: maps of 55, 27 and 13 rows with 96, 256, 384, 384 and 256
    # channels, windows of 11, 5 and 3, two layers of 4096, in total about 40M.
    network = pm.networks.deep_pose()
    sizes = [each.numbers() for each in network.layers if each.type == "CONV"]
    assert [each["P"] for each in sizes] == [55, 27, 13, 13, 13]
    assert [each["K"] for each in sizes] == [96, 256, 384, 384, 256]
    assert [each["R"] for each in sizes] == [11, 5, 3, 3, 3]
    rest = weights(network) - 4 * 4 * 256 * 4096
    tens = {size: round((rest + size * size * 256 * 4096) / 10**7) for size in range(1, 14)}
    assert [size for size, ten in tens.items() if ten == 4] == [4]


def test_attention_multiplies_activations() -> None:
    encoder = pm.networks.transformer_encoder(tokens=100)
    projections, products, feeds = 4 * 100 * 512**2, 2 * 100 * 100 * 512, 2 * 100 * 512 * 2048
    assert macs(encoder) == projections + products + feeds
    assert weights(encoder) == 4 * 512**2 + 2 * 512 * 2048  # the products hold none


def test_heads_that_do_not_divide_the_width_are_refused() -> None:
    with pytest.raises(pm.PolymaestroError, match="3 heads do not divide a width of 512"):
        pm.networks.transformer_decoder(heads=3)


def test_gates_of_gnmt_read_an_input_and_a_state() -> None:
    # Y. Wu et al., section 3: 1024 nodes a layer, 8 layers each way, 32,000 word pieces
    first, wide, plain, decoder = 2 * 2 * 1024, 3 * 1024, 2 * 1024, 3 * 1024
    inputs = first + wide + 6 * plain + 8 * decoder
    assert weights(pm.networks.gnmt()) == 4 * 1024 * inputs + 1024 * 32_000


def test_gnmt_has_the_operations_and_parameters_that_its_colleagues_print() -> None:
    # Y. Wu et al. print no total. N. Shazeer et al., "Outrageously Large Neural Networks", ICLR 2017, do in
    # Table 2: 214M multiply-adds a step and 278M parameters. Left out here are the matrix that attention
    # applies to the state at each step, and the embeddings of both languages; 278 is cut, not rounded.
    network = pm.networks.gnmt()
    assert rounds_to(macs(network) + 1024 * 1024, "214M")
    assert (weights(network) + 2 * 32_000 * 1024) // 10**6 == 278


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
