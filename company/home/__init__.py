"""A company directory, opened: its content read and checked, its world wired, one frozen `Company` returned.

It decides nothing at run time; what a run does is the graph's, whether it may is the governor's.
"""

from company.home.company import Company, open_company, open_redactor, open_store
from company.home.content import Content, load_content
from company.home.directory import CompanyDirectory, bundled_directory, find_directory, state_directory
from company.home.scaffold import init_company
from company.home.trust import is_trusted, require_trust, trust, trusted_directories

__all__ = [
    "Company",
    "CompanyDirectory",
    "Content",
    "bundled_directory",
    "find_directory",
    "init_company",
    "is_trusted",
    "load_content",
    "open_company",
    "open_redactor",
    "open_store",
    "require_trust",
    "state_directory",
    "trust",
    "trusted_directories",
]
