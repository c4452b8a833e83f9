"""The command line: files in, tables or JSON out; the same with a database behind it.

Exit codes: 0 done, 1 a promise is not underpinned (`check`) or a record or a pack is broken
(`verify`), 2 the input or the command was refused. `--json` prints the published shapes, errors
included.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from orchestrator import __version__, terminal
from orchestrator.cli import (
    analyses,
    backwards,
    claims,
    database,
    duties,
    faulttrees,
    files,
    ledger,
    packs,
    paperwork,
    remedies,
    scorecards,
    statements,
    tickets,
    whatif,
    withdrawals,
)
from orchestrator.cli.shared import REFUSED, print_json
from orchestrator.errors import OrchestratorError, Problem
from orchestrator.formats.results import problem_json
from orchestrator.runtime import collect_seldom


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="orchestrator")
def cli() -> None:
    """Derive, assess, trace and settle service level commitments as one dependency graph."""


_MODULES = (
    files,
    packs,
    claims,
    remedies,
    scorecards,
    statements,
    whatif,
    paperwork,
    tickets,
    duties,
    analyses,
    backwards,
    faulttrees,
    database,
    withdrawals,
    ledger,
)
for _module in _MODULES:
    for _command in _module.COMMANDS:
        cli.add_command(_command)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; every refusal is printed with its code and place, and exits 2."""
    collect_seldom()
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        result = cli.main(arguments, prog_name="orchestrator", standalone_mode=False)
    except OrchestratorError as error:
        return _refused(error.problems, arguments)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help())
        return REFUSED
    except click.UsageError as error:
        advice = f"see {error.ctx.command_path} --help" if error.ctx else "see --help"
        return _refused((Problem("USAGE", error.format_message(), advice),), arguments)
    except click.exceptions.Abort:
        return 130
    except BrokenPipeError:
        # The reader has gone (`| head`): nothing is wrong, and nothing more can be said.
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
        return 0
    return int(result or 0)


def _refused(problems: Sequence[Problem], arguments: Sequence[str]) -> int:
    if "--json" in arguments:
        print_json({"errors": [problem_json(problem) for problem in problems]})
    else:
        terminal.show_problems(terminal.console(stderr=True), problems)
    return REFUSED
