"""An identity provider for tests: Canaille on loopback, as the first argument (JSON) says:

port     where it listens, on 127.0.0.1
jwks     its private keys; one is of RSA
clients  each with client_id, client_secret, grant_types, and the client ids of its audience: who
         is not in there is told by introspection that a token is not active
users    passwords by user name
open     whether anybody may register clients (RFC 7591)

It prints one line when it listens. `GET /-/counts` tells how often each path was asked for,
`GET /-/clients` the names of the clients by their ids.
"""

import json
import logging
import sys
from collections import Counter

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from werkzeug.serving import make_server

given = json.loads(sys.argv[1])
counts = Counter()

app = create_app(
    {
        "SECRET_KEY": "only for tests",
        "SERVER_NAME": f"127.0.0.1:{given['port']}",
        "PREFERRED_URL_SCHEME": "http",
        "CANAILLE": {"DATABASE": "memory", "LOGGING": {"version": 1}},
        "CANAILLE_OIDC": {
            "ACTIVE_JWKS": given["jwks"]["keys"],
            "DYNAMIC_CLIENT_REGISTRATION_OPEN": given["open"],
        },
    }
)


def fill():
    known = {}
    for client in given["clients"]:
        known[client["client_id"]] = models.Client(
            client_id=client["client_id"],
            client_secret=client["client_secret"],
            client_name=client["client_id"],
            # Nobody is asked for consent.
            client_uri="http://127.0.0.1/",
            grant_types=client["grant_types"],
            token_endpoint_auth_method="client_secret_basic",
            scope=["openid", "profile"],
        )
        Backend.instance.save(known[client["client_id"]])
    for client in given["clients"]:
        known[client["client_id"]].audience = [known[name] for name in client["audience"]]
        Backend.instance.save(known[client["client_id"]])
    for name, password in given["users"].items():
        user = models.User(
            user_name=name, family_name=name, formatted_name=name, emails=[f"{name}@example.test"]
        )
        Backend.instance.save(user)
        Backend.instance.set_user_password(user, password)


with app.app_context(), Backend.instance.session():
    fill()


def names():
    with app.app_context(), Backend.instance.session():
        known = Backend.instance.query(models.Client)
        return {client.client_id: client.client_name for client in known}


def counted(environ, start_response):
    path = environ["PATH_INFO"]
    if path.startswith("/-/"):
        start_response("200 OK", [("content-type", "application/json")])
        return [json.dumps(names() if path == "/-/clients" else counts).encode()]
    counts[path] += 1
    return app(environ, start_response)


logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = make_server("127.0.0.1", given["port"], counted, threaded=True)
print("listening", flush=True)
server.serve_forever()
