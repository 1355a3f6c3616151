"""Small examples by which `private_api` tells whether a private function is as expected."""

from typing import Any

import torch


def is_softmax_backward(function: Any) -> bool:
    """Return whether a function computes the gradient of a softmax."""
    halves, ones = torch.full((1, 2), 0.5), torch.tensor([[1.0, 0.0]])
    return function(ones, halves, -1, torch.float32).tolist() == [[0.25, -0.25]]  # type: ignore[no-any-return]


def is_native_dropout(function: Any) -> bool:
    """Return whether a function computes dropout and its mask."""
    with torch.random.fork_rng(devices=[]):
        values, mask = function(torch.ones(4), 0.5, train=True)
    return mask.dtype == torch.bool and bool((values == 2.0 * mask).all())


def is_dropout_backward(function: Any) -> bool:
    """Return whether a function computes the gradient of dropout."""
    mask = torch.tensor([True, False])
    return function(torch.ones(2), mask, 2.0).tolist() == [2.0, 0.0]  # type: ignore[no-any-return]


def is_silu_backward(function: Any) -> bool:
    """Return whether a function computes the gradient of SiLU."""
    return function(torch.ones(1), torch.zeros(1)).item() == 0.5  # type: ignore[no-any-return]


def is_gelu_backward(function: Any) -> bool:
    """Return whether a function computes the gradient of GELU's tanh form."""
    return function(torch.ones(1), torch.zeros(1), approximate="tanh").item() == 0.5  # type: ignore[no-any-return]


def is_reorder_linear_weight(function: Any) -> bool:
    """Return whether a function packs the weight of a linear layer for oneDNN."""
    return bool(function(torch.ones(2, 2), None).is_mkldnn)


def is_linear_pointwise(function: Any) -> bool:
    """Return whether a function computes a linear layer of oneDNN, with a bias."""
    x, weight, bias = torch.tensor([[1.0, 2.0]]), torch.eye(2), torch.ones(2)
    return function(x, weight, bias, "none", [], "").tolist() == [[2.0, 3.0]]  # type: ignore[no-any-return]
