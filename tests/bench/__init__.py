"""Benchmarks: `make bench` prints one JSON line a figure. Nothing here is asserted in a test."""
