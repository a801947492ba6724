from __future__ import annotations

import configparser
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_rxtweets
from tests.forked import PIPE, Program

ROOT = Path(pytest_rxtweets.__file__).parent


@pytest.fixture
def outcome(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project of somebody's, strict in all that pytest can be strict in."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeini(
        """
        [pytest]
        addopts = -p pytest_rxtweets --strict-markers --strict-config
        filterwarnings =
            error
            # `run` has a process that has imported it, which only matters where it is installed as a plugin.
            ignore:Module already imported
        """
    )
    return pytester


def run(project: pytest.Pytester) -> pytest.RunResult:
    """Run pytest in *project*, in a process that has imported it and the emulator."""
    imported = ["pytest", "rxtweets.emulator"]
    with Program(["-m", "pytest"], imported=imported, cwd=project.path, stdout=PIPE, stderr=PIPE) as program:
        out, err = program.communicate()
    return pytest.RunResult(program.wait(), out.splitlines(), err.splitlines(), 0.0)


def test_the_fixture_is_an_emulator_for_one_test(outcome: pytest.Pytester) -> None:
    """The fixture runs an emulator that the library finds by itself, and leaves nothing after the test."""
    outcome.makepyfile(
        """
        import os, threading
        import rxtweets as rxt
        from reactivex import operators as ops
        from rxtweets import operators as tw

        def test_streams(x_emulator):
            assert os.environ["RXTWEETS_BASE_URL"] == x_emulator.base_url
            client = rxt.StreamingClient(rxt.BearerToken.from_env())
            assert len(client.sample().pipe(tw.posts(), ops.take(2), ops.to_list()).run()) == 2

        def test_nothing_is_left():
            assert not [name for name in os.environ if name.startswith(("X_", "RXTWEETS_"))]
            assert "rxtweets-emulator" not in {thread.name for thread in threading.enumerate()}
        """
    )
    run(outcome).assert_outcomes(passed=2)


def test_a_marker_has_its_options(outcome: pytest.Pytester) -> None:
    """Options of the nearest marker count, over those of its class and module."""
    outcome.makepyfile(
        """
        import os
        import pytest
        from rxtweets.emulator import Emulator

        pytestmark = pytest.mark.x_emulator(seed=5, rate=0)

        def test_of_the_module(x_emulator):
            assert (x_emulator.oauth1, x_emulator.rate) == (Emulator(seed=5).oauth1, 0)

        @pytest.mark.x_emulator(rate=7, tls=["api.x.com"])
        def test_of_its_own(x_emulator):
            assert (x_emulator.oauth1, x_emulator.rate) == (Emulator(seed=5).oauth1, 7)
            assert os.environ["REQUESTS_CA_BUNDLE"] == x_emulator.ca_file
        """
    )
    run(outcome).assert_outcomes(passed=2)


def test_a_wrong_option_is_named(outcome: pytest.Pytester) -> None:
    """A wrong option of the marker is an error before the test begins."""
    outcome.makepyfile(
        "import pytest\n"
        + "".join(
            f"\n@pytest.mark.x_emulator({options})\ndef test_{number}(x_emulator):\n    pass\n"
            for number, options in enumerate(["7", "rat=7", "keep_alive=-1"])
        )
    )
    result = run(outcome)
    result.assert_outcomes(errors=3)
    for said in ("options by name", "argument 'rat'", "keep_alive must be"):
        result.stdout.fnmatch_lines([f"*{said}*"])


def test_a_missing_extra_is_named(outcome: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without h11 the plugin harms nobody; who uses the fixture is told what to install."""
    hidden = outcome.mkdir("hidden")
    (hidden / "sitecustomize.py").write_text("import sys; sys.modules['h11'] = None\n")
    monkeypatch.setenv("PYTHONPATH", f"{hidden}:{ROOT}")
    outcome.makepyfile("def test_it(x_emulator):\n    pass\n\ndef test_of_others():\n    pass\n")
    result = outcome.runpytest_subprocess()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.no_fnmatch_line("*exception was*")
    result.stdout.fnmatch_lines(["*needs h11, which comes with: pip install 'rxtweets?emulator?'*"])


def test_the_plugin_costs_nothing_to_import() -> None:
    """The plugin imports no part of rxtweets until the fixture is used."""
    program = "import sys, pytest_rxtweets; sys.exit(any('rxtweets' == n.split('.')[0] for n in sys.modules))"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


def test_pytest_finds_it() -> None:
    """The package's metadata offers the plugin to pytest, and installs its module."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    assert "pytest_rxtweets = pytest_rxtweets" in setup["options.entry_points"]["pytest11"]
    assert "pytest_rxtweets" in setup["options"]["py_modules"].split()
