"""What the package promises to authors of tools and roles."""

import company


def test_every_public_name_is_there() -> None:
    assert [name for name in company.__all__ if not hasattr(company, name)] == []


def test_public_names_are_sorted_and_unique() -> None:
    assert company.__all__ == sorted(set(company.__all__))
