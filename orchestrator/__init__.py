"""Service level commitments as one dependency graph."""

__version__ = "0.1.0"
