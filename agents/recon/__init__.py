"""ReCon: language-model players of Avalon that contemplate recursively before they speak or act.

Wang et al., "Boosting LLM Agents with Recursive Contemplation for Effective Deception Handling"
(arXiv 2310.01320). Start with `variants.py` (which parts of the method a player uses), then
`seat_graph.py` (one decision: first-order, formulation, second-order, refinement) and
`table_graph.py` (a whole game). What a model reads is made in `conversation.py` from a `View` alone.
"""
