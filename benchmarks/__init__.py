"""Programs that measure `personae`; each is run as `python -m benchmarks.NAME`. See `docs/performance.md`."""
