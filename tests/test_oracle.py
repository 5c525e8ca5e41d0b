"""The pipeline against the oracle, on generated exports, adverts in three snapshots, and the real exports."""

import csv
import math
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from salary_bands.exports import format_named
from salary_bands.ingest.raw_folder import scan
from salary_bands.reference import FOLDER
from salary_bands.settings import load
from tests import oracle
from tests.conftest import Built, build, native_row, write_native
