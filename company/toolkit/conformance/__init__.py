"""The conformance kit: what a tool of a person or of a package is held to before others use it.

`company tool check` prints what it finds; the pytest plugin makes a test of each tool and rule, with the same ids. A
tool is described and called in a worker process, as in the company, and nothing of it runs in this one.
"""

from company.toolkit.conformance.check import LOADS, Case, Opened, check, opened
from company.toolkit.conformance.finding import RULES, Finding, Rule

__all__ = ["LOADS", "RULES", "Case", "Finding", "Opened", "Rule", "check", "opened"]
