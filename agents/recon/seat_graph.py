"""One decision of one seat as a graph: the figure of the paper.

    start -> first_order -> formulate -> read_as_all -> refine -> settle
                                      -> read_as_one* -^            (one call for each other role, at once)
                                      -> read_and_refine -----^     (both in one call)

Between the refinement and `settle`, `recon+bayes` has its speech checked (`check_nodes.py`).

The variant and the kind of decision say which parts are passed over (`nodes.py`).
"""

from functools import cache

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from agents.recon import check_nodes, nodes, tree_nodes
from agents.recon.seat_context import SeatContext
from agents.recon.state import SeatInput, SeatOutput, SeatState

SeatGraph = CompiledStateGraph[SeatState, SeatContext, SeatInput, SeatOutput]

MAX_STEPS = 12
"""More steps than any decision takes; LangGraph's own net under a wiring mistake."""


@cache
def contemplation_graph() -> SeatGraph:
    """Recursive contemplation, and the variants that leave parts of it out."""
    graph = StateGraph(SeatState, SeatContext, input_schema=SeatInput, output_schema=SeatOutput)
    graph.add_node("start", nodes.start)
    graph.add_node("first_order", nodes.first_order)
    graph.add_node("formulate", nodes.formulate)
    graph.add_node("read_as_all", nodes.read_as_all)
    graph.add_node("read_as_one", nodes.read_as_one)
    graph.add_node("read_and_refine", nodes.read_and_refine)
    graph.add_node("refine", nodes.refine)
    graph.add_node("check_speech", check_nodes.check_speech)
    graph.add_node("settle", nodes.settle)
    graph.add_edge(START, "start")
    graph.add_edge("read_as_one", "refine")
    graph.add_edge("settle", END)
    return graph.compile(checkpointer=False, name="contemplation")


@cache
def tree_graph() -> SeatGraph:
    """Tree of thoughts: several plans, pick one; several speeches by it, pick one."""
    graph = StateGraph(SeatState, SeatContext, input_schema=SeatInput, output_schema=SeatOutput)
    graph.add_node("start", tree_nodes.start)
    graph.add_node("plan", tree_nodes.plan)
    graph.add_node("pick_plan", tree_nodes.pick_plan)
    graph.add_node("write", tree_nodes.write)
    graph.add_node("pick_speech", tree_nodes.pick_speech)
    graph.add_node("settle", nodes.settle)
    graph.add_edge(START, "start")
    graph.add_edge("plan", "pick_plan")
    graph.add_edge("write", "pick_speech")
    graph.add_edge("settle", END)
    return graph.compile(checkpointer=False, name="tree of thoughts")
