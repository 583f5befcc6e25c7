"""Networks that read sequences: their products of matrices and gates, batch 1, biases left out."""

from __future__ import annotations

from polymaestro.batch import Network
from polymaestro.dataflow import Layer
from polymaestro.errors import WorkloadError
from polymaestro.networks.building import conv, dense, gemm, lstm


def transformer_encoder(tokens: int = 512, width: int = 512, heads: int = 8, inner: int = 2048) -> Network:
    """One encoder layer of the base Transformer on a sequence of so many tokens.

    Source: A. Vaswani et al., "Attention Is All You Need", NIPS 2017, sections 3.1 to 3.3.

    Raises `WorkloadError` where the heads do not divide the width.

    >>> from polymaestro.networks import macs, weights
    >>> macs(transformer_encoder()), weights(transformer_encoder())
    (1879048192, 3145728)
    """
    return Network(
        "TransformerEncoder",
        (*_attention("SELF", tokens, tokens, width, heads), *_feed_forward(tokens, width, inner)),
    )


def transformer_decoder(
    tokens: int = 512, source: int = 512, width: int = 512, heads: int = 8, inner: int = 2048
) -> Network:
    """One decoder layer of the base Transformer: attention to itself, then to `source` encoded tokens.

    The scores of masked positions are counted too; a causal operator leaves them out.

    Source: A. Vaswani et al., "Attention Is All You Need", NIPS 2017, sections 3.1 to 3.3.

    Raises `WorkloadError` where the heads do not divide the width.

    >>> from polymaestro.networks import macs, weights
    >>> macs(transformer_decoder()), weights(transformer_decoder())
    (2684354560, 4194304)
    """
    return Network(
        "TransformerDecoder",
        (
            *_attention("SELF", tokens, tokens, width, heads),
            *_attention("CROSS", tokens, source, width, heads),
            *_feed_forward(tokens, width, inner),
        ),
    )


def _attention(name: str, queries: int, keys: int, width: int, heads: int) -> tuple[Layer, ...]:
    depth, rest = divmod(width, heads)
    if rest:
        message = f"{heads} heads do not divide a width of {width}"
        raise WorkloadError(message)
    return (
        dense(f"{name}_QUERY", width, width, rows=queries),
        dense(f"{name}_KEY", width, width, rows=keys),
        dense(f"{name}_VALUE", width, width, rows=keys),
        gemm(f"{name}_SCORES", queries, keys, depth, batch=heads),
        gemm(f"{name}_CONTEXT", queries, depth, keys, batch=heads),
        dense(f"{name}_OUTPUT", width, width, rows=queries),
    )


def _feed_forward(tokens: int, width: int, inner: int) -> tuple[Layer, ...]:
    return dense("FEED1", width, inner, rows=tokens), dense("FEED2", inner, width, rows=tokens)


def gnmt() -> Network:
    """GNMT, one step of each LSTM: 8 layers that read, the first in both directions, and 8 that write.

    Source: Y. Wu et al., "Google's Neural Machine Translation System: Bridging the Gap between Human and
    Machine Translation", arXiv 1609.08144, Figure 1 and section 3: 1024 nodes a layer; the writing layers
    get the attention context beside their input; 32,000 word pieces.

    >>> from polymaestro.networks import macs, weights
    >>> macs(gnmt()), weights(gnmt())
    (213123072, 213123072)
    """
    width, words = 1024, 32_000
    reading = [lstm("ENCODER1_FORWARD", width, width), lstm("ENCODER1_BACKWARD", width, width)]
    reading += [lstm("ENCODER2", 2 * width, width)]
    reading += [lstm(f"ENCODER{index}", width, width) for index in range(3, 9)]
    writing = [lstm(f"DECODER{index}", 2 * width, width) for index in range(1, 9)]
    return Network("GNMT", (*reading, *writing, dense("SOFTMAX", width, words)))


def deep_speech2(frames: int = 100) -> Network:
    """Deep Speech 2: two convolutions over time and frequency, then seven recurrent layers, both directions.

    Both directions of a recurrent layer share the matrix of its inputs and have one each for the hidden
    state; they are added up. A fully connected layer and one for the characters follow. This reading has
    the paper's 68 million parameters. All products are for every output frame.

    Source: D. Amodei et al., "Deep Speech 2: End-to-End Speech Recognition in English and Mandarin", ICML
    2016, section 3: 41×11 and 21×11 windows, 161 frequencies, 1760 hidden units, 29 characters.

    >>> deep_speech2().layers[0].shape
    'K = 32, C = 1, P = 81, Q = 50, R = 41, S = 11, stride 2'
    """
    hidden, later = 1760, frames // 2
    layers = [
        conv("CONV1", (81, later), 1, 32, (41, 11), stride=2),
        conv("CONV2", (41, later), 32, 32, (21, 11), stride=(2, 1)),
    ]
    inputs = 32 * 41
    for index in range(1, 8):
        layers.append(dense(f"RNN{index}_INPUT", inputs, hidden, rows=later))
        ways = (f"RNN{index}_{way}" for way in ("FORWARD", "BACKWARD"))
        layers.extend(dense(way, hidden, hidden, rows=later) for way in ways)
        inputs = hidden
    layers.append(dense("FULL", hidden, hidden, rows=later))
    return Network("DeepSpeech2", (*layers, dense("CHARACTERS", hidden, 29, rows=later)))
