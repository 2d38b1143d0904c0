"""What this project costs, measured: `make bench` writes figures/benchmarks.json.

Absolute times on a shared machine mean little. What is compared is therefore measured side by
side in one run, a few times in turn, and told as a ratio of medians.
"""
