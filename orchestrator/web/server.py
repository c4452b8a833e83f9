"""The server: granian, on the loopback address unless told otherwise.

One process with several threads, which share what is read and derived; SQLite takes one writer at
a time anyway.
"""

from __future__ import annotations

import ipaddress
import socket
from functools import partial
from typing import Final

import click
from flask import Flask
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from orchestrator.config import Config
from orchestrator.errors import refuse
from orchestrator.store.database import check, connect
from orchestrator.web.app import create_app

THREADS: Final = 8
_LOOPBACK: Final = ["localhost", "127.0.0.1", "[::1]"]


def serve(config: Config) -> None:
    """Serve until interrupted. Refuses a database that is not migrated (DATABASE_NOT_MIGRATED)
    and an address that cannot be had (ADDRESS_UNAVAILABLE)."""
    with connect(config.database_url) as database:
        check(database)
    _try_address(config)
    server = Server(
        "orchestrator.web.server:application",
        config.host,
        config.port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        log_level=LogLevels.error,
    )
    server.on_startup(partial(_say, config))
    server.serve(target_loader=partial(application, config), wrap_loader=False)


def application(config: Config) -> Flask:
    """The application as it is served. On a loopback address it answers to the names of this
    machine alone: without an identity, a page on another site that has its name resolve to this
    machine must not be able to write."""
    app = create_app(config)
    if is_loopback(config.host):
        app.config.update(TRUSTED_HOSTS=[*_LOOPBACK, _written(config.host)])
    return app


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _written(host: str) -> str:
    """An address as it stands in a URL."""
    return f"[{host}]" if ":" in host else host


def _try_address(config: Config) -> None:
    """Listen once, so that an address that cannot be had is refused in our own words."""
    try:
        family, *_, address = socket.getaddrinfo(
            config.host, config.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except OSError as error:
        raise refuse(
            "ADDRESS_UNAVAILABLE",
            f"{config.host}:{config.port} cannot be listened on: {error.strerror or error}",
            "choose another with --host and --port, or ORCHESTRATOR_HOST and ORCHESTRATOR_PORT",
        ) from error


def _say(config: Config) -> None:
    url = f"http://{_written(config.host)}:{config.port}/"
    click.echo(f"Serving on {url} (GraphQL at /graphql). Stop with Ctrl-C.")
    if config.keys:
        click.echo(f"It answers to the keys of {config.keys}.")
    elif is_loopback(config.host):
        click.echo("No keys are given out, so it is open to this machine alone.")
    else:
        click.echo(
            "No keys are given out: whoever reaches this address may read and write.", err=True
        )
