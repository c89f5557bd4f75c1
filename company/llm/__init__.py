"""Minds: model tiers to chat models, the offline autopilot, and the language of playbooks and prompts.

This room turns a conversation into the next message. It calls no tool, decides no permission and keeps no state; the
graph runs the loop and the governor stands before every effect. Nothing here imports LangChain until a model is made.
"""

from company.llm.check import check_playbooks
from company.llm.mind import AUTOPILOT, Capabilities, LocalMind, Mind, Prices, ProviderRequest, Usage
from company.llm.models import Gate, Models
from company.llm.procedure import procedure
from company.llm.routing import Match, Router
from company.llm.sandbox import render

__all__ = [
    "AUTOPILOT",
    "Capabilities",
    "Gate",
    "LocalMind",
    "Match",
    "Mind",
    "Models",
    "Prices",
    "ProviderRequest",
    "Router",
    "Usage",
    "check_playbooks",
    "procedure",
    "render",
]
