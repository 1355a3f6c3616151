"""Work on many items: in order, and each process makes what it needs for itself."""

import importlib.util
import pickle

import pytest

from abrege.core.errors import RecipeError, SetupError
from abrege.pipeline.executors import LazyFunction, on_cores, on_ray
from abrege.recipe import Engine, parse

RECIPE = {"data": {"source": "a"}, "tune": {"model": "m"}}


def adder(amount):
    made.append(amount)
    return lambda item: item + amount


made = []


class Adder:
    def __call__(self):
        return adder(10)


def test_processes_give_results_in_the_order_of_the_items():
    with on_cores(2) as pool:
        assert list(pool(abs, range(-30, 0))) == [*range(30, 0, -1)]


def test_a_function_made_once_is_made_at_its_first_call_and_travels_unmade():
    function = LazyFunction(Adder())
    made.clear()
    there = pickle.loads(pickle.dumps(function))
    assert made == []
    assert [there(1), there(2)] == [11, 12]
    assert made == [10]


def test_ray_that_is_not_installed_is_one_message(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SetupError, match=r"pip install 'abrege\[ray\]'"):
        on_ray(address=None, workers=2, gpus=0)


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize("address", ["127.0.0.1:1", "auto"])
def test_a_cluster_that_is_not_there_is_one_message_and_no_long_wait(address):
    pytest.importorskip("ray").shutdown()  # another test may have started it
    told = rf"engine.address: {address}: there is no Ray cluster to work on: .*\n  Start one"
    with pytest.raises(SetupError, match=told):
        on_ray(address=address, workers=2, gpus=0)


def test_rays_client_is_refused():
    with pytest.raises(RecipeError, match="write host:port or auto"):
        parse({**RECIPE, "engine": {"name": "ray", "address": "ray://127.0.0.1:10001"}})


@pytest.mark.parametrize("wrong", [{"workers": 2}, {"gpus": 1}, {"address": "auto"}])
def test_what_only_a_cluster_heeds_is_refused_without_one(wrong):
    with pytest.raises(RecipeError, match="have no effect without name: ray"):
        parse({**RECIPE, "engine": wrong})
    assert parse({**RECIPE, "engine": {"name": "ray", **wrong}}).engine == Engine(
        name="ray", **wrong
    )
