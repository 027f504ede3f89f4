"""Task lists and tasks."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from aurinko_async._types import UNSET
from aurinko_async.models._model import Opt, model
from aurinko_async.models.mail import RecordMeta


class TaskStatus(StrEnum):
    """How far a task is; the API may send others."""

    NOT_STARTED = "notStarted"
    IN_PROGRESS = "inProgress"
    COMPLETED = "completed"
    WAITING_ON_OTHERS = "waitingOnOthers"
    DEFERRED = "deferred"


class TaskImportance(StrEnum):
    """How much a task matters; the API may send others."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


@model
class TaskList:
    """A list of tasks.

    Attributes:
        etag: Its version, for `if_match`.
        owner: Whether the account owns it.
        default_list: Whether it is the list that the id `default` stands for.
        emails_list: Whether it is the list that the provider makes of mail.
    """

    id: str | None = None
    etag: str | None = None
    title: str | None = None
    owner: bool | None = None
    shared: bool | None = None
    default_list: bool | None = None
    emails_list: bool | None = None
    last_modified_time: datetime | None = None


@model
class TaskListCreate:
    """A new task list."""

    title: Opt[str] = UNSET


@model
class TaskListUpdate:
    """A change to a task list."""

    title: Opt[str] = UNSET


@model
class TaskLink:
    """What a task came from, such as a message."""

    source: str | None = None
    description: str | None = None
    link: str | None = None


@model
class Task:
    """A task.

    Attributes:
        etag: Its version, for `if_match`.
        parent_id: The task that it is a part of.
        position: A string that sorts it among its siblings.
        status: One of `TaskStatus`.
        importance: One of `TaskImportance`.
        completed: When it was completed.
        omitted: Names of properties that this record lacks although the task may have them: `notes`. Get the task to
            have them.
        deleted: Whether the task is gone: some providers say so in a live record.
        meta: What the API adds about it.
    """

    id: str | None = None
    etag: str | None = None
    title: str | None = None
    last_modified_time: datetime | None = None
    parent_id: str | None = None
    position: str | None = None
    notes: str | None = None
    status: str | None = None
    importance: str | None = None
    due: datetime | None = None
    completed: datetime | None = None
    links: list[TaskLink] | None = None
    start_date_time: datetime | None = None
    categories: list[str] | None = None
    owner: str | None = None
    omitted: list[str] | None = None
    deleted: bool | None = None
    meta: RecordMeta | None = None


@model
class TaskCreate:
    """A new task.

    Attributes:
        parent_id: The task that it is a part of.
        previous_id: The task to put it after.
        status: One of `TaskStatus`.
        importance: One of `TaskImportance`.
    """

    title: Opt[str] = UNSET
    parent_id: Opt[str] = UNSET
    previous_id: Opt[str] = UNSET
    notes: Opt[str] = UNSET
    status: Opt[str] = UNSET
    importance: Opt[str] = UNSET
    due: Opt[datetime] = UNSET
    start_date_time: Opt[datetime] = UNSET
    categories: Opt[list[str]] = UNSET


@model
class TaskUpdate:
    """A change to a task: what is not given stays as it is.

    Attributes:
        parent_id: The task to make it a part of.
        previous_id: The task to put it after.
        status: One of `TaskStatus`.
        importance: One of `TaskImportance`.
    """

    title: Opt[str] = UNSET
    parent_id: Opt[str] = UNSET
    previous_id: Opt[str] = UNSET
    notes: Opt[str] = UNSET
    status: Opt[str] = UNSET
    importance: Opt[str] = UNSET
    due: Opt[datetime] = UNSET
    start_date_time: Opt[datetime] = UNSET
    categories: Opt[list[str]] = UNSET


@model
class TaskCreateResponse:
    """The task that was created: its id, its version, and the task itself where the provider gave it."""

    id: str | None = None
    etag: str | None = None
    record: Task | None = None


@model
class TaskUpdateResponse:
    """The task that was changed: its id, its new version, and the task itself where the provider gave it."""

    id: str | None = None
    etag: str | None = None
    record: Task | None = None
