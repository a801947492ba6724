"""Does to the site what an action says."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rxtweets.emulator.server.http import encode
from rxtweets.emulator.world.languages import checked

from . import actions as do
from . import noise, wire
from .disconnects import disconnect_message
from .fault_plan import is_for

if TYPE_CHECKING:
    from rxtweets.emulator.app.site import Site
    from rxtweets.emulator.streams.stream import OpenStream

Result = int | str | None
"""The number of streams reached, a new token, or nothing."""


def perform(site: Site, action: do.Action) -> Result:
    """Do it, on the emulator's loop.

    Raises:
        ValueError: the site is in no state for it, as when no open stream is compressed that could be cut so;
            or it names an author who isn't one.
    """
    return _HOW[type(action)](site, action)


def chosen(site: Site, action: do.OnStreams) -> list[OpenStream]:
    """The open streams that an action is for."""
    return [stream for stream in site.hub.streams.values() if is_for(action, stream.record)]


def _publish(site: Site, action: do.Publish) -> int:
    world = site.world
    author = None if action.author is None else world.people.who(action.author)
    return site.hub.give(
        world.compose(
            action.text,
            author=author,
            lang=None if action.lang is None else checked(action.lang),
            point=action.coordinates,
        )
    )


def _send(site: Site, action: do.Send) -> int:
    streams = [stream for stream in chosen(site, action) if not stream.distortion.stalled]
    plain = action.data if action.text is None else action.text.encode()
    for stream in streams:
        if plain is not None:
            stream.put(plain)
        else:
            stream.send(encode(action.message))
    return len(streams)


def _ending(end: Callable[[Site, OpenStream, Any], None]) -> Callable[[Site, Any], int]:
    def act(site: Site, action: do.Close | do.Cut | do.Reset) -> int:
        streams = wire.suitable(chosen(site, action), action.inside)
        for stream in streams:
            end(site, stream, action.inside)
        return len(streams)

    return act


def _disconnect(site: Site, action: do.Disconnect) -> int:
    protocol = "1.1" if action.code is not None else "2" if action.type is not None else None
    streams = [stream for stream in chosen(site, action) if protocol in (None, stream.record.protocol)]
    for stream in streams:
        last = disconnect_message(stream.record.protocol, stream.feed.name, action.code, action.type)
        stream.reason = "operator_disconnect"
        stream.end_with(last)
    return len(streams)


def _garbage(site: Site, action: do.Garbage) -> int:
    given = action.data if action.text is None else action.text.encode()
    lines = [line + b"\r\n" for line in noise.GARBAGE] if given is None else [given]
    streams = [stream for stream in chosen(site, action) if not stream.distortion.stalled]
    for stream in streams:
        for line in lines:
            stream.put(line)
    return len(streams)


def _long_line(site: Site, action: do.LongLine) -> int:
    streams = [stream for stream in chosen(site, action) if not stream.distortion.stalled]
    for stream in streams:
        stream.body.pour(noise.long_line(site, stream.feed, action.size, action.valid))
    return len(streams)


def _keep_alive(site: Site, action: do.KeepAlive) -> int:
    streams = [stream for stream in chosen(site, action) if stream.distortion.stalled != "all"]
    for stream in streams:
        stream.keep_alive()
    return len(streams)


def _stall(site: Site, action: do.Stall) -> int:
    site.faults.stall(action)
    return _redistort(site, action)


def _distort(site: Site, action: Any) -> int:
    site.faults.apply(action)
    return _redistort(site, action)


def _resume(site: Site, action: do.Resume) -> None:
    site.faults.resume()
    _redistort(site)


def _clear_faults(site: Site, action: do.ClearFaults) -> None:
    site.faults.clear()
    site.conduct.forget()
    _redistort(site)


def _redistort(site: Site, action: do.OnStreams | None = None) -> int:
    for stream in tuple(site.hub.streams.values()):
        stream.distort(site.faults.distortion(stream.record))
    return 0 if action is None else len(chosen(site, action))


def _skew(site: Site, action: do.Skew) -> None:
    site.clock.skew = action.seconds


def _rate(site: Site, action: do.Rate) -> None:
    site.producer.rate = action.per_second


_HOW: dict[type[do.Action], Callable[[Site, Any], Result]] = {
    do.Publish: _publish,
    do.Send: _send,
    do.Answer: lambda site, action: site.faults.answer(action),
    do.Mute: lambda site, action: site.faults.mute(action),
    do.ClearFaults: _clear_faults,
    do.Stall: _stall,
    do.Resume: _resume,
    do.Close: _ending(wire.close),
    do.Cut: _ending(wire.cut),
    do.Reset: _ending(wire.reset),
    do.Disconnect: _disconnect,
    do.Garbage: _garbage,
    do.LongLine: _long_line,
    do.Duplicate: _distort,
    do.Reorder: _distort,
    do.Fragment: _distort,
    do.Skew: _skew,
    do.Rate: _rate,
    do.KeepAlive: _keep_alive,
    do.RenewBearerToken: lambda site, action: site.accounts.renew_bearer(),
}
