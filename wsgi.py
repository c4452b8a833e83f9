"""The WSGI application, for any server: `granian --interface wsgi wsgi:application`."""

from orchestrator.runtime import collect_seldom
from orchestrator.web.app import create_app

collect_seldom()
application = create_app()
