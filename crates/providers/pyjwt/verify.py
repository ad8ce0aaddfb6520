"""Verifies access tokens with PyJWT and what the issuer publishes, as the first argument (a JSON
list) says. Each item has issuer, audience, algorithm (as the token names it), type and token.

It prints the claims of each, one JSON object per line.
"""

import json
import sys
from urllib.request import urlopen

import jwt


def refused(token, expected, **arguments):
    try:
        jwt.decode(token, **arguments)
    except expected:
        return
    raise SystemExit(f"{expected.__name__} was not raised")


for given in json.loads(sys.argv[1]):
    issuer, token = given["issuer"], given["token"]
    with urlopen(f"{issuer}/.well-known/openid-configuration", timeout=10) as answer:
        metadata = json.load(answer)
    assert metadata["issuer"] == issuer, metadata["issuer"]
    with urlopen(metadata["jwks_uri"], timeout=10) as answer:
        known = json.load(answer)
    for key in known["keys"]:
        private = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"} & key.keys()
        assert not private, private
    # Every published key is of a kind that the library knows, or it would be left out here.
    assert len(jwt.PyJWKSet.from_dict(known).keys) == len(known["keys"])

    header = jwt.get_unverified_header(token)
    assert header["alg"] == given["algorithm"], header
    assert header["typ"] == given["type"], header
    key = jwt.PyJWKClient(metadata["jwks_uri"]).get_signing_key_from_jwt(token)
    arguments = {
        "key": key,
        "algorithms": [given["algorithm"]],
        "issuer": issuer,
        "audience": given["audience"],
        "options": {"require": ["iss", "sub", "aud", "exp", "iat", "jti"]},
    }
    claims = jwt.decode(token, **arguments)
    refused(token, jwt.InvalidAudienceError, **{**arguments, "audience": "https://other.example"})
    refused(token, jwt.InvalidIssuerError, **{**arguments, "issuer": "https://other.example"})
    head, body, signature = token.split(".")
    altered = ".".join([head, body, ("B" if signature[0] == "A" else "A") + signature[1:]])
    refused(altered, jwt.InvalidSignatureError, **arguments)
    print(json.dumps(claims))
