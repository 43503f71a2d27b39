"""The example of retrieval: approximate indexes find at least 90% of the exact list."""

import sys

import pytest

from conftest import ROOT

sys.path.append(str(ROOT / "cluster" / "examples"))
import retrieval


@pytest.mark.quick
def test_approximate_indexes_find_most_of_the_exact_list() -> None:
    items, queries = retrieval.made(5000, 50)
    rows = {row.name: row.recall for row in retrieval.measure(items, queries, 20)}
    assert rows.pop("FAISS Flat (exact)") == 1.0
    assert len(rows) == 3
    assert all(recall >= 0.9 for recall in rows.values()), rows
