"""The way of a web application's user through an authorisation, there and back."""

from typing import TYPE_CHECKING

from aurinko_async._lazy import lazy

if TYPE_CHECKING:
    from aurinko_async.oauth.flow import Grant, OAuthFlow

__all__ = ["Grant", "OAuthFlow"]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "flow": "Grant OAuthFlow",
        },
    )
