"""Token mixers: what stands where a vision transformer has its attention.

A mixer is a module called as `mixer(x_BNC, grid)`: B pictures of N tokens of width C, where the last
`rows * columns` tokens are the grid and those before it, if any, are prefix tokens. It holds its projections
and answers the same shape. Hosts build one for each block by a function of the `Place`.
"""
