"""The training proof of LLaVA-UHD: digits on large canvases, read through slices, squashed, and padded.

`canvases` draws the pictures, `views` shows them the three ways, `lessons` teaches a small model to read
them, and `ceilings` says what a view leaves to be read.
"""
