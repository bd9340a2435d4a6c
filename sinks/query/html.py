"""Pages: templates with autoescape, and the headers under which they go out.

No page loads anything from elsewhere, runs a script that is not a file of ours, or can be framed.
"""

import base64
import hashlib
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import Response

PAGES: Final = Path(__file__).parent / "pages"
_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(PAGES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_POLICY: Final = (
    "default-src 'none'; base-uri 'none'; form-action {form}; frame-ancestors 'none'; img-src data:; {more}"
)
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Language": "zh-CN, en",
}


def asset(name: str) -> str:
    """The text of a file beside the templates."""
    return (PAGES / name).read_text(encoding="utf-8")


def policy_of_styles(*inline: str) -> str:
    """The policy of a page without any script whose style sheets stand in it, each named by its hash."""
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" for one in inline)
    return _POLICY.format(form="'none'", more=f"style-src {hashes}")


# Of a page whose style sheet and script are files of ours, and which may ask this service.
POLICY_OF_FILES: Final = _POLICY.format(form="'self'", more="style-src 'self'; script-src 'self'; connect-src 'self'")


def style(text: str) -> Markup:
    """A style sheet of ours, to stand in a page as it is."""
    return Markup(text)  # noqa: S704 - a file of ours, never what somebody sent


def page(template: str, policy: str, status: int, headers: dict[str, str], /, **values: Any) -> Response:
    """A template filled in, as a response."""
    text = _TEMPLATES.get_template(template).render(**values)
    return Response(text, status, _HEADERS | {"Content-Security-Policy": policy} | headers, media_type="text/html")
