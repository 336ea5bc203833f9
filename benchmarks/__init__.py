"""What quantci costs, as ratios measured side by side in one run: `sh nox.sh -s benchmarks`."""
