"""What holds for every test run."""

from __future__ import annotations

import os

from hypothesis import Phase, settings

# The same examples in every ordinary run, so that a red run is about the change at hand; new ones
# are searched for where somebody looks at the result: `HYPOTHESIS_PROFILE=search`, or `make long`.
# There too the smallest example that fails is looked for: it takes minutes, of each failing test.
# Nothing fails for the time it takes: a shared machine may be slow.
settings.register_profile(
    "same",
    derandomize=True,
    deadline=None,
    phases=[one for one in Phase if one is not Phase.shrink],
)
settings.register_profile("search", derandomize=False, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
