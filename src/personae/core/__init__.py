"""The pure domain: what a record is, whom it means and what it does to a profile.

Nothing here reads a clock, draws a random number, looks at the environment, logs, awaits or imports
from the rest of the package; `tests/test_architecture.py` holds it to that.
"""
