"""Streams in windows: delivery on the thread of Tk, Qt, GTK or wx, and their events as Observables.

::

    from rxtweets.gui import tk

    client.sample().pipe(tw.posts(), tk.observe_on(window)).subscribe(show)

Each toolkit has its own module: `rxtweets.gui.tk`, `rxtweets.gui.qt` for PySide6 and PyQt6,
`rxtweets.gui.gtk` for GTK 4, and `rxtweets.gui.wx`. A toolkit is only imported by its module.
"""
