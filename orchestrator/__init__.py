"""Service level commitments as one dependency graph."""

import os

from orchestrator.runtime import spare_slow_sorts

__version__ = "0.1.0"

# Here, as it has to be before numpy is imported anywhere.
spare_slow_sorts(os.environ)
