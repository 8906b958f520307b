"""Reading text in pictures of any size with weights that need no key and no network.

`reader` reads one piece, `sliced_reading` a whole picture through LLaVA-UHD slices, `merging` decides which
piece's reading of a word counts, `layout` puts words into lines and lines into reading order.
"""
