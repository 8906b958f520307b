"""Reading pictures: whatever a person names becomes upright 8-bit RGB, or one clear line that says why not.

Start at `places.load_picture`, which takes a path, an address, pasted text or standard input; `reading`
turns bytes into a `Picture` and notes what was changed on the way. Pillow decodes; PDF pages need pypdfium2.
"""
