"""What holds for all tests."""

from hypothesis import settings

# The same examples in every run: a red run is about the change, not about luck. No deadline: CI's two cores are shared.
settings.register_profile("quantci", deadline=None, derandomize=True)
settings.load_profile("quantci")
