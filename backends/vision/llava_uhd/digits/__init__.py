"""The training proof of LLaVA-UHD: digits on large canvases, read through slices, squashed, and padded.

`experiment.run_experiment` trains and measures all of it within minutes on two cores; `canvases` draws the
pictures, `views` shows them the three ways, `reader` is the small model.
"""
