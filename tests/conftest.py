"""What holds for every test run."""

from __future__ import annotations

import os

from hypothesis import settings

# The same examples in every ordinary run, so that a red run is about the change at hand; new ones
# are searched for where somebody looks at the result: `HYPOTHESIS_PROFILE=search`, or `make long`.
settings.register_profile("same", derandomize=True)
settings.register_profile("search", derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
