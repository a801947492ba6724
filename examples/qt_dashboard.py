"""Show a dashboard in a Qt window: posts in a table, their rate, and a filter to change while it runs (v2).

Type a rule, such as `coffee lang:en`: it takes effect once you pause, and the connection stays open.

python examples/qt_dashboard.py [--emulator]
"""

from collections import deque
from time import monotonic
from typing import Any

import reactivex
from going_live import x_or_emulator
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)
from reactivex import Observable
from reactivex import operators as ops

import rxtweets as rxt
from rxtweets import operators as tw
from rxtweets.gui import qt
from rxtweets.messages import Connected, Connecting, Disconnected, Dropped, Post, Reconnecting

ROWS = 500
SECONDS = 60
GREEN, AMBER, RED, GREY = "#34d399", "#fbbf24", "#f87171", "#64748b"
STYLE = """
QWidget { background: #0f172a; color: #e2e8f0; font-size: 14px; }
QLabel#quiet { color: #94a3b8; }
QLabel#rate { font-size: 26px; font-weight: 600; }
QLineEdit { background: #1e293b; border: 1px solid #334155; border-radius: 8px; padding: 9px 12px; }
QLineEdit:focus { border-color: #38bdf8; }
QPushButton { background: #1e293b; border: 1px solid #334155; border-radius: 8px; padding: 9px 18px; }
QPushButton:hover { background: #334155; }
QPushButton:checked { background: #0369a1; border-color: #38bdf8; }
QTableView { border: none; alternate-background-color: #131e33; selection-background-color: #1e3a5f; }
QTableView::item { padding: 4px 10px; border: none; }
QHeaderView::section { background: #0f172a; color: #94a3b8; border: none; padding: 6px 10px; }
QScrollBar:vertical { background: #0f172a; width: 10px; }
QScrollBar::handle:vertical { background: #334155; border-radius: 5px; min-height: 30px; }
QScrollBar::add-line, QScrollBar::sub-line { height: 0; }
"""


class Posts(QAbstractTableModel):
    """The newest posts, of which there are `ROWS` at most."""

    heads = ("Time", "Author", "Language", "Post")

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[str, str, str, str]] = []

    def add(self, posts: list[Post]) -> None:
        """Put *posts*, the oldest of which comes first, on top, with one change for all of them."""
        rows = [self.row(post) for post in reversed(posts[-ROWS:])]
        if not rows:
            return
        self.beginInsertRows(QModelIndex(), 0, len(rows) - 1)
        self.rows[:0] = rows
        self.endInsertRows()
        if len(self.rows) > ROWS:
            self.beginRemoveRows(QModelIndex(), ROWS, len(self.rows) - 1)
            del self.rows[ROWS:]
            self.endRemoveRows()

    def clear(self) -> None:
        self.beginResetModel()
        self.rows.clear()
        self.endResetModel()

    @staticmethod
    def row(post: Post) -> tuple[str, str, str, str]:
        at, author = post.created_at, post.author
        text = rxt.messages.unescape(post.full_text).replace("\n", " ")
        return (
            f"{at.astimezone():%H:%M:%S}" if at else "",
            author.name if author else "",
            post.lang or "",
            text,
        )

    def rowCount(self, parent: Any = None) -> int:  # noqa: N802
        return len(self.rows)

    def columnCount(self, parent: Any = None) -> int:  # noqa: N802
        return len(self.heads)

    def data(self, index: Any, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return self.rows[index.row()][index.column()]
        if role == Qt.ItemDataRole.ForegroundRole and index.column() != 3:
            return QColor("#38bdf8" if index.column() == 1 else "#94a3b8")
        return None

    def headerData(self, section: int, orientation: Any, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: N802
        across = orientation == Qt.Orientation.Horizontal
        return self.heads[section] if across and role == Qt.ItemDataRole.DisplayRole else None


class Chart(QWidget):
    """Posts a second, of the last minute."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(110)
        self.counts = deque([0], maxlen=SECONDS)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(0, 8, -34, -10)
        top = max(10, *self.counts) * 1.1
        for part in (0.0, 0.5, 1.0):
            y = area.bottom() - part * area.height()
            painter.setPen(QPen(QColor("#1e293b"), 1))
            painter.drawLine(area.left(), y, area.right(), y)
            painter.setPen(QColor("#64748b"))
            painter.drawText(
                QRectF(area.right(), y - 9, 32, 18), Qt.AlignmentFlag.AlignRight, f"{part * top:.0f}"
            )
        line = QPainterPath()
        for second, count in enumerate(self.counts, SECONDS - len(self.counts)):
            x = area.left() + area.width() * second / (SECONDS - 1)
            y = area.bottom() - area.height() * count / top
            line.lineTo(x, y) if line.elementCount() else line.moveTo(x, y)
        below = QPainterPath(line)
        below.lineTo(area.bottomRight())
        below.lineTo(line.elementAt(0).x, area.bottom())
        shade = QLinearGradient(area.topLeft(), area.bottomLeft())
        shade.setColorAt(0, QColor(56, 189, 248, 110))
        shade.setColorAt(1, QColor(56, 189, 248, 0))
        painter.fillPath(below, shade)
        painter.strokePath(line, QPen(QColor("#38bdf8"), 2))


class Dashboard(QWidget):
    """The window; `show_all` is called with what came, at most once a frame."""

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("Dashboard")
        self.setStyleSheet(STYLE)
        self.resize(1040, 720)
        self.posts, self.chart = Posts(), Chart()
        self.second = self.total = self.dropped = 0
        self.held: list[Post] = []
        self.due = 0.0

        self.light, self.state = QLabel("●"), QLabel("type a rule")
        self.rate, self.figures = QLabel("0"), QLabel()
        self.rate.setObjectName("rate")
        self.figures.setObjectName("quiet")
        self.filter = QLineEdit("coffee OR tea OR music", placeholderText="a rule, such as: coffee lang:en")
        self.filter.setClearButtonEnabled(True)
        self.pause = QPushButton("Pause", checkable=True)
        self.pause.toggled.connect(self.paused)

        table = QTableView(showGrid=False, alternatingRowColors=True)
        table.setModel(self.posts)
        table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(30)
        table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        table.horizontalHeader().setSectionResizeMode(3, QHeaderView.ResizeMode.Stretch)
        for column, width in enumerate((90, 170, 100)):
            table.setColumnWidth(column, width)

        unit = QLabel("posts a second")
        unit.setObjectName("quiet")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(22, 18, 22, 14)
        whole.setSpacing(12)
        for row in (
            (self.light, self.state, None, self.rate, unit),
            (self.chart,),
            (self.filter, self.pause),
            (table,),
            (self.figures,),
        ):
            line = QHBoxLayout()
            for widget in row:
                line.addStretch() if widget is None else line.addWidget(widget)
            whole.addLayout(line, stretch=int(row == (table,)))
        self.seconds = QTimer(self, interval=1000, timeout=self.tick)
        self.seconds.start()
        self.countdown = QTimer(self, interval=100, timeout=self.count_down)
        self.tell(GREY, "waiting")

    def show_all(self, items: list[Any]) -> None:
        """Add posts to the table, and show what happens to the connection."""
        posts = [item for item in items if isinstance(item, Post)]
        self.second += len(posts)
        self.total += len(posts)
        if self.pause.isChecked():
            self.held = [*self.held, *posts][-ROWS:]
        else:
            self.posts.add(posts)
        for item in items:
            match item:
                case Dropped():
                    self.dropped += item.count
                case Connecting():
                    self.tell(AMBER, "connecting")
                case Connected():
                    self.tell(GREEN, "live")
                case Disconnected():
                    self.tell(RED, f"disconnected: {item.cause}")
                case Reconnecting():
                    self.due, self.cause = monotonic() + item.delay, item.cause
                    self.countdown.start()
                    self.count_down()
                case rxt.errors.StreamError() | ValueError():
                    self.tell(RED, str(item))

    def tell(self, colour: str, state: str) -> None:
        self.countdown.stop()
        self.light.setStyleSheet(f"color: {colour}; font-size: 20px")
        self.state.setText(state)

    def count_down(self) -> None:
        left = max(self.due - monotonic(), 0.0)
        self.light.setStyleSheet(f"color: {AMBER}; font-size: 20px")
        self.state.setText(f"again in {left:.1f} s: {self.cause}")

    def paused(self, checked: bool) -> None:
        self.pause.setText("Resume" if checked else "Pause")
        self.posts.add(self.held)
        self.held = []

    def tick(self) -> None:
        self.chart.counts.append(self.second)
        self.chart.update()
        self.rate.setText(f"{self.second}")
        self.second = 0
        held = f"  ·  {len(self.held)} held back" if self.held else ""
        self.figures.setText(f"{self.total:,} posts  ·  {self.dropped:,} not shown{held}")


def found(hub: rxt.FilterHub, rule: str) -> Observable[Any]:
    """Return the posts that match *rule* and the events of the connection, or what is wrong with the rule."""
    items = reactivex.defer(lambda _: hub.filter(rule))
    return items.pipe(ops.catch(lambda error, _: reactivex.just(error)))


with (
    x_or_emulator("X_BEARER_TOKEN"),
    rxt.FilterHub(
        rxt.StreamingClient(rxt.BearerToken.from_env()),
        tweet_fields=["created_at", "lang"],
        expansions=["author_id"],
    ) as hub,
):
    app = QApplication([])
    window = Dashboard()
    rules = qt.signal(window.filter.textChanged).pipe(
        ops.debounce(0.6),
        ops.start_with(window.filter.text()),
        ops.map(str.strip),
        ops.filter(bool),
        ops.distinct_until_changed(),
    )
    rules.pipe(
        ops.map(lambda rule: found(hub, rule)),
        ops.switch_latest(),
        tw.of_type(Post, Connecting, Connected, Disconnected, Reconnecting, Exception),
        qt.observe_on(window, batches=True, overflow="drop_oldest"),
    ).subscribe(window.show_all)
    window.show()
    app.exec()  # until the window is closed, which ends the stream, too
