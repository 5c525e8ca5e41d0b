"""Compensation bands in machine learning: exports in, versioned percentile bands out."""

import os

__version__ = "0.1.0"

# Matrices here are many and small: threads of BLAS would cost many times what they save, and how they split the work
# would show in last digits. It reads this when numpy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
