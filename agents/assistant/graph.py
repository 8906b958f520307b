"""The assistant's loop as a graph.

    recall -> think -> approve -> use -> think -> ... -> END
                         ^---------'

`approve` pauses the graph where a person has to decide. A turn is one walk through the graph; the next turn
begins again at `recall`, with the conversation so far.
"""

from langgraph.graph import START, StateGraph

from agents.assistant.nodes import AssistantContext, approve, recall, think, use
from agents.assistant.state import AssistantState


def build_assistant_graph() -> StateGraph[AssistantState, AssistantContext, AssistantState, AssistantState]:
    """The graph, to be compiled with the saver of a run."""
    graph = StateGraph(AssistantState, AssistantContext)
    graph.add_node("recall", recall)
    graph.add_node("think", think)
    graph.add_node("approve", approve)
    graph.add_node("use", use)
    graph.add_edge(START, "recall")
    return graph


def most_graph_steps(max_steps: int) -> int:
    """LangGraph's own net, far above what a turn of so many model calls can take."""
    return 20 + 40 * max_steps
