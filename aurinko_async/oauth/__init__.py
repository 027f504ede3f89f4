"""The way of a web application's user through an authorisation, there and back."""

from aurinko_async.oauth.flow import Grant, OAuthFlow

__all__ = ["Grant", "OAuthFlow"]
