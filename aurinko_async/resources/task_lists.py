"""Task lists and tasks."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from functools import cached_property, partial

from aurinko_async._types import Call
from aurinko_async.errors import InvalidInput
from aurinko_async.models import (
    OkResponse,
    Task,
    TaskCreate,
    TaskCreateResponse,
    TaskList,
    TaskListCreate,
    TaskListUpdate,
    TaskUpdate,
    TaskUpdateResponse,
    TokenPage,
)
from aurinko_async.models.common import DeletedRecord
from aurinko_async.models.rows import TaskColumns
from aurinko_async.pagination import TokenPaginator
from aurinko_async.resources._resource import Resource
from aurinko_async.resources.delta import container_sync, delta_sync
from aurinko_async.resources.sources import TaskSource
from aurinko_async.resources.sync import TaskSync
from aurinko_async.sync.containers import Containers, ContainerSync
from aurinko_async.sync.driver import DeltaSync
from aurinko_async.sync.machine import Bounds
from aurinko_async.sync.store import SyncStore
from aurinko_async.sync.values import LEASE_WAIT, SyncOptions, SyncReport


class Tasks(Resource):
    """`client.task_lists.tasks`: the tasks of one list; the list id `default` works everywhere."""

    def list(self, task_list_id: str, *, page_token: str | None = None) -> TokenPaginator[Task]:
        """List the tasks of a list.

        Args:
            page_token: Start at this page.

        Source: GET /v1/tasklists/{taskListId}/tasks
        """
        return self._token_pages(
            Call(
                "GET",
                "/v1/tasklists/{taskListId}/tasks",
                TokenPage[Task],
                path_args={"taskListId": task_list_id},
                query={"pageToken": page_token},
            )
        )

    async def create(self, task_list_id: str, task: TaskCreate) -> TaskCreateResponse:
        """Create a task.

        Source: POST /v1/tasklists/{taskListId}/tasks
        """
        return await self._session.request(
            Call(
                "POST",
                "/v1/tasklists/{taskListId}/tasks",
                TaskCreateResponse,
                path_args={"taskListId": task_list_id},
                body=task,
            )
        )

    async def get(self, task_list_id: str, task_id: str) -> Task:
        """Get one task.

        Source: GET /v1/tasklists/{taskListId}/tasks/{id}
        """
        return await self._session.request(
            Call(
                "GET",
                "/v1/tasklists/{taskListId}/tasks/{id}",
                Task,
                path_args={"taskListId": task_list_id, "id": task_id},
            )
        )

    async def update(
        self, task_list_id: str, task_id: str, task: TaskUpdate, *, if_match: str | None = None
    ) -> TaskUpdateResponse:
        """Change a task: what `task` does not say stays as it is.

        Args:
            if_match: The `etag` of the task that the change was made from; without it the last change wins.

        Raises:
            PreconditionFailed: the task has changed since; get it and repeat the change.

        Source: PATCH /v1/tasklists/{taskListId}/tasks/{id}
        """
        return await self._session.request(
            Call(
                "PATCH",
                "/v1/tasklists/{taskListId}/tasks/{id}",
                TaskUpdateResponse,
                path_args={"taskListId": task_list_id, "id": task_id},
                headers={"If-Match": if_match},
                body=task,
            )
        )

    async def delete(self, task_list_id: str, task_id: str) -> OkResponse:
        """Delete a task.

        Source: DELETE /v1/tasklists/{taskListId}/tasks/{id}
        """
        return await self._session.request(
            Call(
                "DELETE",
                "/v1/tasklists/{taskListId}/tasks/{id}",
                OkResponse,
                path_args={"taskListId": task_list_id, "id": task_id},
            )
        )


class TaskLists(Resource):
    """`client.task_lists`: an account's task lists; the id `default` stands for the main one."""

    @cached_property
    def tasks(self) -> Tasks:
        """Tasks of a list."""
        return Tasks(self._session)

    @cached_property
    def sync(self) -> TaskSync:
        """The requests that a sync of a list's tasks is made of."""
        return TaskSync(self._session)

    def delta(
        self,
        list_id: str,
        *,
        skip_completed_before_date: datetime | None = None,
        store: SyncStore | None = None,
        checkpoint: str | None = None,
        consumer: str = "default",
        hydrate: bool = False,
        prefetch: bool | Callable[[], bool] = True,
        account: str | None = None,
        lease_wait: float = LEASE_WAIT,
        bounds: Bounds | None = None,
        progress: Callable[[SyncReport], None] | None = None,
    ) -> DeltaSync[Task, DeletedRecord]:
        """Sync the tasks of a list: completely the first time, then what changed since.

        Nothing is sent before `await sync.run()` (mirror into `store`) or `async for batch in sync` begins. The other
        arguments are those of `client.email.delta`.

        Args:
            list_id: The list; `default` is the main one.
            skip_completed_before_date: Leave out what was completed before; others than last time start anew.

        Raises:
            InvalidInput: an argument that cannot be.

        Source: POST /v1/tasklists/{taskListId}/sync, GET /v1/tasklists/{taskListId}/sync/updated,
            GET /v1/tasklists/{taskListId}/sync/deleted
        """
        _check_date(skip_completed_before_date)
        return delta_sync(
            self._session,
            lambda session: TaskSource(
                TaskSync(session), partial(Tasks(session).get, list_id), list_id, skip_completed_before_date
            ),
            SyncOptions(
                store=store,
                checkpoint=checkpoint,
                consumer=consumer,
                hydrate=hydrate,
                prefetch=prefetch,
                account=account,
                lease_wait=lease_wait,
                bounds=bounds or Bounds(),
                progress=progress,
            ),
            model=Task,
            columns=TaskColumns,
        )

    def delta_all(
        self,
        *,
        skip_completed_before_date: datetime | None = None,
        store: SyncStore,
        skip: Collection[str] = (),
        hydrate: bool = False,
        prefetch: bool | Callable[[], bool] = True,
        account: str | None = None,
        lease_wait: float = LEASE_WAIT,
        bounds: Bounds | None = None,
        progress: Callable[[SyncReport], None] | None = None,
    ) -> ContainerSync:
        """Mirror the tasks of all lists: `await sync.run()`. The arguments are those of `delta`.

        Lists that the API no longer has are emptied in the mirror.

        Args:
            skip: The ids of lists to leave as they are, this time.

        Raises:
            InvalidInput: an argument that cannot be.

        Source: GET /v1/tasklists, GET /v1/tasklists/{taskListId}, POST /v1/tasklists/{taskListId}/sync,
            GET /v1/tasklists/{taskListId}/sync/updated, GET /v1/tasklists/{taskListId}/sync/deleted
        """
        _check_date(skip_completed_before_date)
        containers = Containers(
            resource="tasks",
            lists=self.list().pages,
            get=self.get,
            sync=lambda list_id, owner, told: self.delta(
                list_id,
                skip_completed_before_date=skip_completed_before_date,
                store=store,
                hydrate=hydrate,
                prefetch=prefetch,
                account=owner,
                lease_wait=lease_wait,
                bounds=bounds,
                progress=told,
            ),
        )
        return container_sync(self._session, containers, store, account=account, progress=progress, skip=skip)

    def list(self, *, page_token: str | None = None) -> TokenPaginator[TaskList]:
        """List the task lists.

        Args:
            page_token: Start at this page.

        Source: GET /v1/tasklists
        """
        return self._token_pages(Call("GET", "/v1/tasklists", TokenPage[TaskList], query={"pageToken": page_token}))

    async def create(self, task_list: TaskListCreate) -> TaskList:
        """Create a task list.

        Source: POST /v1/tasklists
        """
        return await self._session.request(Call("POST", "/v1/tasklists", TaskList, body=task_list))

    async def get(self, task_list_id: str) -> TaskList:
        """Get one task list.

        Source: GET /v1/tasklists/{taskListId}
        """
        return await self._session.request(
            Call("GET", "/v1/tasklists/{taskListId}", TaskList, path_args={"taskListId": task_list_id})
        )

    async def update(self, task_list_id: str, task_list: TaskListUpdate, *, if_match: str) -> TaskList:
        """Change a task list.

        Args:
            if_match: The `etag` of the list that the change was made from.

        Raises:
            PreconditionFailed: the list has changed since; get it and repeat the change.

        Source: PATCH /v1/tasklists/{taskListId}
        """
        return await self._session.request(
            Call(
                "PATCH",
                "/v1/tasklists/{taskListId}",
                TaskList,
                path_args={"taskListId": task_list_id},
                headers={"If-Match": if_match},
                body=task_list,
            )
        )

    async def delete(self, task_list_id: str) -> OkResponse:
        """Delete a task list.

        Source: DELETE /v1/tasklists/{taskListId}
        """
        return await self._session.request(
            Call("DELETE", "/v1/tasklists/{taskListId}", OkResponse, path_args={"taskListId": task_list_id})
        )


def _check_date(date: datetime | None) -> None:
    if date is not None and date.tzinfo is None:
        raise InvalidInput("skip_completed_before_date must be an aware datetime")
