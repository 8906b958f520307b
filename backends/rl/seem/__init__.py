"""SEEM: why values diverge in offline RL, told ahead, and LayerNorm in the critic as the cure (NeurIPS 2023).

`maze.py` is the authors' toy maze, where it all shows in seconds; the measure itself is the kit
`backends/rl/divergence`, which watches the offline agents too. `diagnosis.py` judges a critic that was
trained elsewhere.
"""
