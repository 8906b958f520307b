"""Looking at pictures: by a model with eyes, or by reading their text and asking a model about it.

`looking` is the way in. `sending` plans and encodes for models that take pictures, `reading` reads text
through slices without key or network, `answering` asks and streams.
"""
