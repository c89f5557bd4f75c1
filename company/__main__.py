"""`python -m company` is the command."""

from company.cli import main

main()
