"""The state machine of a run.

    plan -> think* <-> act* -> answer -> reflect -> close
     |                           |
     +-----> reflect           think* (one more round)

Nodes with a star run once for each assignment, side by side. All roles move in lock-step super-steps of one flat
graph instead of a sub-graph each: for four roles that costs 4 ms CPU and 5 checkpoints instead of 15 ms and 25, and
the order of reports does not depend on timing. `answer` is reached whenever a role has reported and counts them itself:
LangGraph's deferred nodes (`defer=True`) look at channels only and start while roles that were reached by `Send` are
still at work. A super-step costs 0.4 ms, so there is none that only passes on: without memory `reflect` is left out.
"""

from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from company.governor import Governor, Thinking
from company.graph.ceo import Ceo
from company.graph.prompts import Prompts
from company.graph.saver import ACT
from company.graph.specialist import Specialist
from company.graph.state import CompanyState, RunContext, Work
from company.home import Company

Graph = CompiledStateGraph[CompanyState, RunContext, CompanyState, CompanyState]


def build(company: Company, *, governor: Governor, thinking: Thinking, saver: BaseCheckpointSaver[Any]) -> Graph:
    """Return the compiled graph of a company."""
    prompts = Prompts(company)
    ceo = Ceo(company=company, governor=governor, thinking=thinking, prompts=prompts)
    role = Specialist(company=company, governor=governor, thinking=thinking, prompts=prompts)
    graph = StateGraph(CompanyState, context_schema=RunContext)
    graph.add_node("plan", ceo.plan, destinations=("think", "reflect", "close"))
    graph.add_node("think", role.think, input_schema=Work, destinations=("act", "answer"))
    graph.add_node(ACT, role.act, input_schema=Work, destinations=("think",))
    graph.add_node("answer", ceo.answer, destinations=("think", "reflect", "close"))
    graph.add_node("reflect", ceo.reflect)
    graph.add_node("close", ceo.close)
    graph.add_edge(START, "plan")
    graph.add_edge("reflect", "close")
    graph.add_edge("close", END)
    return graph.compile(checkpointer=saver)
