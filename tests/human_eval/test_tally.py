from abrege.human_eval.tally import BlindDecisions, BlindRow, count_decisions


def a_page(n=4, group=None):
    """Return a page on which the systems change sides from row to row, `new` as A first."""
    names = ("new", "old")
    return [BlindRow(id=f"r{i}", A=names[i % 2], B=names[1 - i % 2], group=group) for i in range(n)]


def a_person(name, choices, notes=None):
    return BlindDecisions(name, {f"r{n}": c for n, c in enumerate(choices)}, notes or {}, 1.0)


def tally(*people, page=None):
    return count_decisions(people, page or a_page(), systems=("old", "new"), same=0)


def test_a_choice_counts_for_the_system_on_that_side():
    [ann] = tally(a_person("ann", ["A", "B", "B", "alike"])).reviewers
    assert ann.rows == {"wins": 2, "ties": 1, "losses": 1}
    assert (ann.preference.wins, ann.preference.ties, ann.preference.losses) == (2, 1, 1)
    assert (ann.chose_a.wins, ann.chose_a.ties, ann.chose_a.losses) == (1, 1, 2)


def test_reviewers_are_combined_row_by_row():
    people = [a_person("a", ["A", "A", "A"]), a_person("b", ["A", "B"]), a_person("c", ["B", "B"])]
    result = tally(*people)
    # r0: new, new, old; r1 (sides changed): old, new, new; r2: new only; r3: nobody
    assert result.rows == {"wins": 3, "ties": 0, "losses": 0}
    assert (result.undecided, [r.undecided for r in result.reviewers]) == (1, [1, 2, 2])


def test_two_reviewers_who_disagree_on_a_row_make_it_a_tie():
    result = tally(a_person("a", ["A"]), a_person("b", ["B"]))
    assert result.rows == {"wins": 0, "ties": 1, "losses": 0}


def test_rows_of_one_paper_count_once_in_the_preference_and_singly_in_the_rows():
    result = tally(a_person("a", ["A", "B", "A", "B"]), page=a_page(group="paper"))
    assert (result.groups, result.together.wins, result.rows["wins"]) == (1, 1, 4)


def test_two_reviewers_who_always_choose_a_do_not_agree_beyond_chance():
    # As systems, which change sides, κ of these would be 1.
    result = tally(a_person("a", "AAAA"), a_person("b", "AAAA"))
    assert result.agreement[0].kappa.kappa is None


def test_reviewers_are_compared_in_pairs_on_the_rows_that_both_decided():
    people = [a_person("a", "AB"), a_person("b", "ABB"), BlindDecisions("c", {"r3": "A"}, {}, 1.0)]
    result = {(p.first, p.second): p.kappa for p in tally(*people).agreement}
    assert list(result) == [("a", "b"), ("a", "c"), ("b", "c")]
    assert (result["a", "b"].kappa, result["a", "b"].n) == (1.0, 2)
    assert result["a", "c"] is result["b", "c"] is None


def test_a_note_comes_with_the_systems_that_it_is_about():
    result = tally(a_person("a", "AB", {"r1": "A invents a date"}))
    assert result.notes == (
        {
            "id": "r1",
            "reviewer": "a",
            "A": "old",
            "B": "new",
            "choice": "B",
            "note": "A invents a date",
        },
    )


def test_the_result_is_signed():
    result = tally(a_person("a", "AB"), a_person("b", "A"))
    assert (
        "|new over old|reviewers:2|n:2|groups:2|interval:clopper-pearson,95%|" in result.signature
    )
