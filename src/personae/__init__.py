"""A self-hosted customer profile server that speaks CleverTap's REST API."""

__version__ = "0.1.0"
