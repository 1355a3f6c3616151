from typing import get_args

from abrege.evaluation.systems import BASELINES, SYSTEMS, SystemName, get_system, in_order


def test_every_system_of_a_recipe_is_registered():
    assert {*get_args(SystemName), "human"} == {*SYSTEMS}


def test_no_two_systems_share_a_label_or_a_position():
    assert len({system.label for system in SYSTEMS.values()}) == len(SYSTEMS)
    assert [system.order for system in SYSTEMS.values()] == [*range(len(SYSTEMS))]


def test_tuned_is_compared_with_four_baselines_and_must_beat_three():
    assert BASELINES == ("base", "few-shot", "base-cut", "lead")
    assert [s.name for s in SYSTEMS.values() if s.in_verdict] == ["base", "few-shot", "base-cut"]


def test_a_further_seed_is_like_tuned_but_has_its_own_folder_and_label():
    further = get_system("tuned-2")
    assert (further.model_folder, further.label) == ("tune-2", "Tuned, run 2")
    assert further.by_model
    assert further.tuned_weights
    assert further.has_likelihood


def test_systems_are_shown_with_tuned_and_its_seeds_first_and_unknown_names_last():
    names = ["other", "lead", "random", "tuned-2", "merged", "base", "tuned-3", "tuned"]
    ordered = ["tuned", "tuned-2", "tuned-3", "merged", "base", "lead", "random", "other"]
    assert in_order(names) == ordered


def test_a_name_that_is_not_registered_keeps_its_name():
    system = get_system("out/predictions.jsonl")
    assert system.label == "out/predictions.jsonl"
    assert not any((system.by_model, system.is_baseline, system.in_verdict))
