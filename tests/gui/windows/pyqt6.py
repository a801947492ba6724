"""A window of Qt, with PyQt6."""

from __future__ import annotations

from PyQt6 import QtCore, QtWidgets

from .qt import window

Window = window(QtCore, QtWidgets)
