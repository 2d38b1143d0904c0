"""`ecgcore serve`: the same answers over HTTP."""

from typing import Annotated

import typer


def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen at; others than this machine reach 0.0.0.0.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port.")] = 8000,
    size: Annotated[float, typer.Option(help="MB of a file, at most.")] = 100,
    seconds: Annotated[float, typer.Option(help="Time for an answer, at most.")] = 120,
    at_once: Annotated[int, typer.Option(help="Files worked on at once, at most.")] = 2,
) -> None:
    """Answer over HTTP until stopped. Research software, no medical device."""
    from ecgcore.errors import ConfigError
    from ecgcore.inference import service

    try:
        import uvicorn
    except ImportError:
        raise ConfigError("the service needs uvicorn: pip install 'ecgcore[serve]'") from None
    limits = service.Limits(size=int(size * 1e6), seconds=seconds, at_once=at_once)
    typer.echo(f"ecgcore: http://{host}:{port}", err=True)
    uvicorn.run(
        service.app(limits), host=host, port=port, log_level="warning", ws_max_size=4_000_000
    )
