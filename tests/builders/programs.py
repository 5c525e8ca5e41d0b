"""Programs of the system that some tests need."""

import shutil

import pytest


def program(name: str, package: str) -> str:
    """The path of a program of the system's; a test that needs it is skipped where it is not there."""
    found = shutil.which(name)
    if not found:
        pytest.skip(f"{name} is not here: apt-get install {package}")
    return found
