"""Compensation bands in machine learning: exports in, versioned percentile bands out."""

__version__ = "0.1.0"
