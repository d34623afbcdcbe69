"""The browser, launched once for each module of tests, and the server with the pages."""

import pytest

from tools.browser import find

from .reader import Visit, context, launch
from .site import serve


@pytest.fixture(scope="module")
def browser():
    """Chromium or Chrome; without one, the tests are skipped, and `make test` says so in the end."""
    executable = find()
    if executable is None:
        pytest.skip("no Chromium or Chrome was found: `make browser` says how to get one")
    with launch(executable) as found:
        yield found


@pytest.fixture(scope="module")
def site(browser, request):
    """Address of the pages, which are built only if there is a browser."""
    with serve(request.getfixturevalue("html")) as base:
        yield base


@pytest.fixture(scope="module")
def reader(browser, site):
    """Gives an open page by colour mode and width; pages with equal ones share a window and its cache."""
    visits = {}

    def visit(mode="light", width=1400):
        if (mode, width) not in visits:
            found = context(browser, mode, width)
            found.grant_permissions(["clipboard-read", "clipboard-write"])
            visits[mode, width] = Visit(found.new_page(), site)
        return visits[mode, width]

    return visit
