"""What does not agree with the original is said in `docs/deviations.md`, each with its reason, and nothing else is."""

from __future__ import annotations

from tests.conformance import recorded
from tests.shared_folder import CONFORMANCE, shared

TABLE = """
| Conversation | The original | Here, and why |
|---|---|---|
| `golden a.b` `golden c.*` | answers 500 | a 422, which says what to do |
| `golden-steered d` | shows a secret | hides it |
"""


def test_each_conversation_that_differs_is_named_with_its_reason_and_no_other_is() -> None:
    told = recorded.deviations(recorded.DEVIATIONS.read_text())
    assert told
    assert {pattern: reason for pattern, reason in told.items() if len(reason) < 20} == {}
    if shared(CONFORMANCE) is None:
        return
    missing, idle = recorded.unexplained(recorded.recorded_names(), recorded.listed(), list(told))
    assert missing == [], "these differ and docs/deviations.md does not say why"
    assert idle == [], "docs/deviations.md names these, and all of them agree"


def test_the_table_is_read_by_its_patterns_and_its_reason() -> None:
    told = recorded.deviations(TABLE)
    assert told == {
        "golden a.b": "a 422, which says what to do",
        "golden c.*": "a 422, which says what to do",
        "golden-steered d": "hides it",
    }
    recordings = {"golden": ["a.b", "c.1", "c.2", "e"], "golden-steered": ["d"]}
    passing = {"golden": ["c.2"], "golden-steered": ["d"]}
    assert recorded.unexplained(recordings, passing, list(told)) == (["golden e"], ["golden-steered d"])
