"""What the performance and effect figures are measured with; run by hand, results in `results/`."""
