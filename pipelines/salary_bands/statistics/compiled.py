"""Compile loops over reports: what takes numpy a pass over all of them for each step takes one pass in all."""

from collections.abc import Callable
from typing import TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """Compile a function for the types it is first called with, once for each machine.

    The result is kept beside the module, or in the user's cache folder where that cannot be written. Integers are of 64
    bits and wrap around, as in numpy arrays.
    """
    try:
        return cast(Function, numba.njit(cache=True)(function))
    except RuntimeError:  # neither of these folders can be written
        return cast(Function, numba.njit(function))
