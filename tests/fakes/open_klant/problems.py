"""How Open Klant refuses: a problem with a code for programs and Dutch words for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

REASONS: Final = {
    "required": "Dit veld is vereist.",
    "null": "Dit veld mag niet leeg zijn.",
    "blank": "Dit veld mag niet leeg zijn.",
    "null_characters_not_allowed": "Null-tekens zijn niet toegestaan.",
}

WHOLE: Final = "nonFieldErrors"
"""The name of what is wrong with a body as a whole."""


@dataclass(frozen=True)
class InvalidParam:
    """One thing that is wrong in a request."""

    name: str
    code: str
    reason: str


class Refused(Exception):
    """A body or a query parameter is not valid."""

    def __init__(self, params: Sequence[InvalidParam]) -> None:
        super().__init__(params)
        self.params = tuple(params)

    def under(self, name: str) -> "Refused":
        """Return the same refusal, found in the field of this name."""
        return Refused(
            [
                InvalidParam(f"{name}.{param.name}" if param.name else name, param.code, param.reason)
                for param in self.params
            ]
        )


def refused(code: str, reason: str | None = None, *, name: str = "") -> Refused:
    """Return the refusal of one value."""
    return Refused([InvalidParam(name, code, reason or REASONS[code])])


class Problem(Exception):
    """An answer that is no success. `kind` is the name of the class that raised it in Open Klant."""

    def __init__(self, status: int, kind: str, code: str, title: str, detail: str | None = None) -> None:
        super().__init__(kind)
        self.status = status
        self.kind = kind
        self.code = code
        self.title = title
        self.detail = title if detail is None else detail
        self.params: Sequence[InvalidParam] = ()

    def body(self, root: str) -> dict[str, object]:
        """Return the body of the answer. `root` is the address of Open Klant itself."""
        told: dict[str, object] = {
            "type": f"{root}/ref/fouten/{self.kind}/",
            "code": self.code,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": f"urn:uuid:{uuid4()}",
        }
        if self.status == 400 and self.kind == "ValidationError":
            told["invalidParams"] = [
                {"name": param.name, "code": param.code, "reason": param.reason} for param in self.params
            ]
        return told


def invalid(refusal: Refused) -> Problem:
    """Return the answer to a request with invalid values."""
    problem = Problem(400, "ValidationError", "invalid", "Ongeldige invoerwaarde.")
    problem.params = refusal.params
    return problem


def not_found(detail: str = "Niet gevonden.") -> Problem:
    """Return the answer to a request for something that is not there."""
    return Problem(404, "NotFound", "not_found", "Niet gevonden.", detail)


def broken() -> Problem:
    """Return the answer where Open Klant itself fails."""
    return Problem(500, "APIException", "error", "Er is een serverfout opgetreden.", "Internal Server Error")


def not_authenticated() -> Problem:
    """Return the answer to a request without a token."""
    return Problem(401, "NotAuthenticated", "not_authenticated", "Authenticatiegegevens zijn niet opgegeven.")


def wrong_token(detail: str = "Ongeldige token.") -> Problem:
    """Return the answer to a request with another token, or with a header that holds none."""
    title = "Ongeldige authenticatiegegevens."
    return Problem(401, "AuthenticationFailed", "authentication_failed", title, detail)


def method_not_allowed(method: str) -> Problem:
    """Return the answer to a method that a resource does not have."""
    title = 'Methode "{method}" niet toegestaan.'
    return Problem(405, "MethodNotAllowed", "method_not_allowed", title, title.format(method=method))


def no_json(error: str) -> Problem:
    """Return the answer to a body that is no JSON."""
    title = "Ongeldig samengestelde request."
    return Problem(400, "ParseError", "parse_error", title, f"JSON parse error - {error}")


def unsupported_media_type(media_type: str) -> Problem:
    """Return the answer to a body of another media type than JSON."""
    title = 'Ongeldige media type "{media_type}" in aanvraag.'
    return Problem(415, "UnsupportedMediaType", "unsupported_media_type", title, title.format(media_type=media_type))
