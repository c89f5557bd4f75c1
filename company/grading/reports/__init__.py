"""A report in the forms that others read: JUnit for CI, one HTML page for people, a log for the Inspect viewer."""

from company.grading.reports.inspect_log import require_inspect, write_inspect
from company.grading.reports.junit import junit
from company.grading.reports.page import page
from company.grading.reports.saving import require_folder, save

__all__ = ["junit", "page", "require_folder", "require_inspect", "save", "write_inspect"]
