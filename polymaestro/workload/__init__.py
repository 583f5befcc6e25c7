"""WHAT is computed: dimensions, tensors, accesses, operators."""

from polymaestro.workload.catalog import (
    average_pool2d,
    batched_gemm,
    conv2d,
    depthwise_conv2d,
    fully_connected,
    gemm,
    grouped_conv2d,
    lstm,
    max_pool2d,
    transposed_conv2d,
)
from polymaestro.workload.einsum import einsum
from polymaestro.workload.operator import Dim, Operator, Tensor, Window

__all__ = [
    "Dim",
    "Operator",
    "Tensor",
    "Window",
    "average_pool2d",
    "batched_gemm",
    "conv2d",
    "depthwise_conv2d",
    "einsum",
    "fully_connected",
    "gemm",
    "grouped_conv2d",
    "lstm",
    "max_pool2d",
    "transposed_conv2d",
]
