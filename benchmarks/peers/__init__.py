"""Servers of the usual kind, to hold `personae` against: written as a user would, each with requirements of its own."""
