"""The API over a real socket, case by case."""

import pytest

pytest.register_assert_rewrite("tests.wire.faults", "tests.wire.sending")
