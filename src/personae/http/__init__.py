"""The HTTP side: a plain ASGI application for `/1/` and for operations. Source: contract A1."""
