"""A window of Qt, with PySide6."""

from __future__ import annotations

from PySide6 import QtCore, QtWidgets

from .qt import window

Window = window(QtCore, QtWidgets)
