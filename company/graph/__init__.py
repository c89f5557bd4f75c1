"""The LangGraph state machine of a run; the only room that knows LangGraph.

It moves words and typed data between the CEO, the roles and the governor. It decides nothing that the governor decides
and records nothing that is not in the journal.
"""

from company.graph.build import Graph, build
from company.graph.prompts import Prompts
from company.graph.saver import FencedSaver
from company.graph.state import CompanyState, RunContext

__all__ = ["CompanyState", "FencedSaver", "Graph", "Prompts", "RunContext", "build"]
