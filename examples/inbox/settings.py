"""What the app is told by its environment."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

HOOK = "/hooks/aurinko"
CALLBACK = "/callback"


@dataclass(frozen=True)
class Settings:
    """Without a client id the app talks to the sandbox that comes with the package."""

    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    signing_secret: str = field(default="", repr=False)
    base_url: str = "https://api.aurinko.io"
    public_url: str = "http://127.0.0.1:8000"
    data: Path = Path("data")
    host: str = "127.0.0.1"
    port: int = 8000

    @classmethod
    def from_env(cls) -> Settings:
        env = os.environ
        port = int(env.get("PORT", cls.port))
        settings = cls(
            client_id=env.get("AURINKO_CLIENT_ID", ""),
            client_secret=env.get("AURINKO_CLIENT_SECRET", ""),
            signing_secret=env.get("AURINKO_SIGNING_SECRET", ""),
            base_url=env.get("AURINKO_BASE_URL", cls.base_url),
            public_url=env.get("PUBLIC_URL", f"http://127.0.0.1:{port}").rstrip("/"),
            data=Path(env.get("INBOX_DATA", Path(__file__).with_name("data"))),
            host=env.get("HOST", cls.host),
            port=port,
        )
        if settings.client_id and not (settings.client_secret and settings.signing_secret):
            raise SystemExit("AURINKO_CLIENT_ID also needs AURINKO_CLIENT_SECRET and AURINKO_SIGNING_SECRET")
        return settings

    @property
    def is_sandbox(self) -> bool:
        return not self.client_id

    @property
    def is_https(self) -> bool:
        return urlsplit(self.public_url).scheme == "https"

    @property
    def origin(self) -> str:
        """What browsers say where our pages post from."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def return_url(self) -> str:
        """Where browsers come back to from an authorisation; register it in Aurinko's portal."""
        return self.public_url + CALLBACK

    @property
    def notification_url(self) -> str:
        return self.public_url + HOOK
