"""The proof of the spatial schema: in which row of slices lies the marked one?

All pictures have six slices, in grids of 6 x 1, 3 x 2, 2 x 3 and 1 x 6, and the overview is withheld. So only
commas and newlines tell how many slices make a row: who does without can at best guess the likeliest row for
each place, and is right in 13 of 24 cases. `pictures` draws them, `reader` reads them.
"""
