"""Readers of data: `images.py` opens labelled pictures by name or path, `coco.py` boxes and masks."""
