"""How many examples are tried: few by default; with ``HYPOTHESIS_PROFILE`` more (``ci``, always the same; ``long``)."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# Times on shared machines swing too much for a deadline on each example.
_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}

settings.register_profile("modest", max_examples=60, **_COMMON)  # type: ignore[arg-type]
settings.register_profile("ci", max_examples=150, derandomize=True, print_blob=True, **_COMMON)  # type: ignore[arg-type]
settings.register_profile("long", max_examples=3000, **_COMMON)  # type: ignore[arg-type]
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "modest"))
