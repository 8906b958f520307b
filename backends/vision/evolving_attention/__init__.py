"""Evolving attention: attention maps as a chain of residual convolutions through the layers of a network.

`series_network.py` is the published network for time series (attention beside dilated causal convolutions),
`augmented_resnet.py` the one for pictures; `transformers.py` are transformers for series, pictures and bytes;
the map's step itself is `backends/vision/mixers/evolving.py`. `series.py` reads time series.
"""
