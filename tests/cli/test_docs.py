"""The pages that are generated say what the code says."""

from pathlib import Path

from worklake.cli.docs import PAGES, documents_markdown


def test_the_page_of_documents_is_up_to_date() -> None:
    page = Path(__file__).parents[2] / "docs" / "documents.md"
    assert page.read_text() == documents_markdown(), "run: python -m worklake.cli.docs > docs/documents.md"


def test_every_documented_key_says_its_type() -> None:
    page = documents_markdown()
    for _, model, _ in PAGES:
        assert all(f"| `{name}` |" in page for name, field in model.model_fields.items() if not field.exclude)
