"""A report as JUnit XML, which every CI system shows.

The form has no word for a case that may fail: whatever failed is a failure here, golden or not, and its type says
which. Whether the suite passes is the exit code's to say.
"""

import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from company.grading.instruments import Checked
from company.grading.result import Report, Result

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold at all, escaped or not."""


def junit(report: Report) -> str:
    """Return a report as JUnit XML: one suite, a test case for each case and for each instrument."""
    results, instruments = report.results, report.instruments
    suite = Element(
        "testsuite",
        name="company eval",
        tests=str(len(results) + len(instruments)),
        failures=str(sum(not ok for ok in (*(each.ok for each in results), *(each.ok for each in instruments)))),
        errors="0",
        skipped="0",
        time=f"{report.seconds:.3f}",
    )
    for result in results:
        suite.append(_case(result))
    for instrument in instruments:
        suite.append(_check(instrument))
    root = Element("testsuites")
    root.append(suite)
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _case(result: Result) -> Element:
    file = result.case.source.partition(":")[0].removesuffix(".yaml")
    case = Element("testcase", classname=f"evals.{file}", name=result.case.id, time=f"{result.seconds:.3f}")
    properties = SubElement(case, "properties")
    for name, value in {
        "golden": str(result.case.golden).lower(),
        "seed": str(result.case.seed),
        "tags": " ".join(result.case.tags),
        "trials": str(len(result.trials)),
        "passed": str(result.passed),
        "cost_usd": format(result.cost_usd, "f"),
    }.items():
        SubElement(properties, "property", name=name, value=_xml(value))
    if not result.ok:
        said = [f"{fault.scorer}: {fault.what}" for fault in result.faults]
        kind = "golden" if result.case.golden else "not golden"
        failure = SubElement(case, "failure", type=kind, message=_xml(said[0]))
        failure.text = _xml("\n".join(said))
    return case


def _check(instrument: Checked) -> Element:
    case = Element("testcase", classname="evals.instruments", name=instrument.player, time="0.000")
    if not instrument.ok:
        SubElement(case, "failure", type="instrument", message=_xml(str(instrument)))
    return case


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
