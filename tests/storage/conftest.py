"""The shipped suite explains its asserts as the tests here do."""

import pytest

pytest.register_assert_rewrite("personae.testing")
