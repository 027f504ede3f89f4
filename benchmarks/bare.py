"""The floor: aiohttp and `orjson.loads` in a loop, without models, retries or limits."""

from typing import Any

import aiohttp
import orjson

MESSAGES = "/v1/email/messages"


def session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(headers={"Authorization": "Bearer t"}, connector=aiohttp.TCPConnector(limit=0))


async def get(client: aiohttp.ClientSession, url: str) -> Any:
    async with client.get(url) as answer:
        return orjson.loads(await answer.read())


async def read(client: aiohttp.ClientSession, url: str, pages: int) -> int:
    """Read a list to its end, record by record."""
    seen, target = 0, f"{url}{MESSAGES}?q={pages}"
    while target:
        page = await get(client, target)
        for record in page["records"]:
            seen += bool(record)
        token = page.get("nextPageToken")
        target = f"{url}{MESSAGES}?pageToken={token}" if token else ""
        # What is kept here is kept while the next page is waited for.
        del page, record
    return seen


async def sync(client: aiohttp.ClientSession, url: str, pages: int) -> int:
    """The same as a delta sync: start, the deleted stream, the updated stream."""
    async with client.post(f"{url}/v1/email/sync?daysWithin={pages}") as answer:
        started = orjson.loads(await answer.read())
    await get(client, f"{url}/v1/email/sync/deleted?deltaToken={started['syncDeletedToken']}")
    seen, target = 0, f"deltaToken={started['syncUpdatedToken']}"
    while target:
        page = await get(client, f"{url}/v1/email/sync/updated?{target}")
        seen += len(page["records"])
        token = page.get("nextPageToken")
        target = f"pageToken={token}" if token else ""
        del page
    return seen
