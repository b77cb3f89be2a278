from __future__ import annotations

import pickle

import pytest

from taco_bench.errors import ConfigError, DataError, PluginError, TrainingError, UserError, nearest


class TestNearest:
    def test_one_that_is_close(self) -> None:
        assert nearest("casacde", ["cascade", "random", "all"]) == "did you mean cascade?"

    def test_case_does_not_matter(self) -> None:
        assert nearest("CASCADE", ["cascade", "random"]) == "did you mean cascade?"

    def test_several_that_are_close_are_all_named(self) -> None:
        hint = nearest("nou", ["noun", "pron", "num", "verb"])
        assert hint.startswith("did you mean noun")
        assert "verb" not in hint

    def test_none_that_is_close_lists_all(self) -> None:
        assert nearest("xyzzy", ["random", "cascade"]) == "known names: cascade, random"

    def test_nothing_known(self) -> None:
        assert nearest("x", []) == "known names: none"


class TestUserError:
    def test_what_where_and_try_have_a_line_each(self) -> None:
        assert UserError("it is wrong", where="here", hint="mend it").lines() == ["it is wrong", "  where: here", "  try:   mend it"]

    def test_what_is_not_known_has_no_line(self) -> None:
        assert UserError("it is wrong").lines() == ["it is wrong"]

    @pytest.mark.parametrize(("kind", "code"), [(UserError, 2), (DataError, 3), (PluginError, 4), (TrainingError, 5)])
    def test_exit_codes(self, kind: type[UserError], code: int) -> None:
        assert kind("x").exit_code == code

    @pytest.mark.parametrize("kind", [UserError, DataError, PluginError, TrainingError])
    def test_it_travels_between_processes(self, kind: type[UserError]) -> None:
        error = kind("it is wrong", where="here", hint="mend it")
        copy = pickle.loads(pickle.dumps(error))
        assert type(copy) is kind
        assert copy.lines() == error.lines()
        assert str(copy) == str(error)
        assert copy.exit_code == error.exit_code


class TestConfigError:
    def test_it_tells_every_problem(self) -> None:
        error = ConfigError([UserError("one", hint="a"), UserError("two", where="b")])
        assert error.lines() == ["one", "  try:   a", "two", "  where: b"]
        assert error.exit_code == 2

    def test_a_plugins_fault_among_them_is_not_the_users(self) -> None:
        assert ConfigError([PluginError("taken twice")]).exit_code == 4

    def test_it_travels_between_processes(self) -> None:
        error = ConfigError([UserError("one"), UserError("two")])
        copy = pickle.loads(pickle.dumps(error))
        assert type(copy) is ConfigError
        assert copy.lines() == ["one", "two"]
        assert str(copy) == str(error)
