"""Suites for those who extend personae: `storage_contract` is what every storage backend has to pass."""
