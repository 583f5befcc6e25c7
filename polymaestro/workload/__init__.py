"""WHAT is computed: dimensions, tensors, accesses, operators."""

from polymaestro.workload.catalog import conv2d, depthwise_conv2d, gemm, grouped_conv2d
from polymaestro.workload.einsum import einsum
from polymaestro.workload.operator import Dim, Operator, Tensor, Window

__all__ = [
    "Dim",
    "Operator",
    "Tensor",
    "Window",
    "conv2d",
    "depthwise_conv2d",
    "einsum",
    "gemm",
    "grouped_conv2d",
]
