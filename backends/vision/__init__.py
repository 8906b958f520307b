"""Vision systems, one folder each. `llava_uhd` sees pictures of any size and shape."""
