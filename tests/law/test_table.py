"""From a duty's name to its clauses, code, test and numbers."""

import json
from pathlib import Path

from anban.law.register import Register
from anban.law.rulebook import Rulebook
from anban.law.table import render, rows

PERFORMED = {"break-reminder": ("anban.rails.notices:break_due",)}


def test_one_clause_shows_its_duties(register: Register, rules: Rulebook) -> None:
    for asked in ("18", "art 18"):
        found = rows(register, rules, PERFORMED, clause=asked, pack="cn-2026-final")
        assert [row.id for row in found] == ["ai-disclosure", "break-reminder", "content-labels", "dependence-reminder"]


def test_a_clause_number_means_each_texts_own_clause(register: Register, rules: Rulebook) -> None:
    assert [row.id for row in rows(register, rules, {}, clause="18", pack="cn-2025-draft")] == ["free-exit"]
    both = {row.id for row in rows(register, rules, {}, clause="18")}
    assert {"free-exit", "break-reminder"} <= both


def test_an_item_of_a_clause_can_be_asked_for(register: Register, rules: Rulebook) -> None:
    assert [row.id for row in rows(register, rules, {}, clause="8(3)")] == ["no-secret-solicitation"]


def test_every_duty_in_force_has_a_row_in_the_order_of_the_law(register: Register, rules: Rulebook) -> None:
    ids = [row.id for row in rows(register, rules, {})]
    assert sorted(ids) == sorted(duty.id for duty in rules.duties())
    assert ids.index("no-self-harm-encouragement") < ids.index("crisis-takeover") < ids.index("free-exit")
    assert "crisis-referral-report" not in ids


def test_a_row_is_plain_data(register: Register, rules: Rulebook) -> None:
    (row,) = (row for row in rows(register, rules, PERFORMED) if row.id == "break-reminder")
    data = json.loads(json.dumps(row.as_data()))
    assert data["clauses"] == ["cn-2025-draft art 17", "cn-2026-final art 18"]
    assert data["place"] == "art 18 (draft 17)"
    assert data["performed_by"] == ["anban.rails.notices:break_due"]
    assert data["in_force"]["break-interval"].startswith("120 minutes · since 2026-07-15, cn-2026-final art 18")


def test_the_test_of_a_duty_is_found_in_a_checkout(register: Register, rules: Rulebook, tmp_path: Path) -> None:
    (tmp_path / "duties").mkdir()
    proof = "\ndef test_one(): ...\n\nasync def test_two(): ...\n"
    (tmp_path / "duties" / "test_break_reminder.py").write_text(proof, encoding="utf-8")
    (row,) = (row for row in rows(register, rules, {}, tests=tmp_path) if row.id == "break-reminder")
    assert (row.proven_by, row.tests) == ("tests/duties/test_break_reminder.py", 2)
    assert all(not row.proven_by for row in rows(register, rules, {}))


def test_the_table_reads_in_both_languages(register: Register, rules: Rulebook) -> None:
    evidence = {"notice.break.shown": "1,204 in the last 30 days, newest 14:02"}
    english = render(rows(register, rules, PERFORMED, clause="18"), evidence)
    assert "break-reminder" in english
    assert "art 18 (draft 17)" in english
    assert "performed by    anban.rails.notices:break_due" in english
    assert "1,204 in the last 30 days, newest 14:02" in english
    chinese = render(rows(register, rules, PERFORMED, clause="18", lang="zh"), {}, "zh")
    assert "连续使用两小时提醒休息" in chinese
    assert "征求意见稿 17" in chinese
    assert "120 分钟 · 自 2026-07-15" in chinese
