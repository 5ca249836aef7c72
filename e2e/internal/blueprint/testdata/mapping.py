"""Runs a scope mapping's expression as Authentik does: wrapped into a function of
what it knows, with a few functions as globals. Reads {"expression", "release",
"user", "http"} and prints the mapping's result; what is signed is printed as the
claims that were signed."""

import json
import sys
from textwrap import indent

asked = json.load(sys.stdin)


class Group:
    def __init__(self, name):
        self.name = name


class Groups:
    def __init__(self, *names):
        self.names = names

    def all(self):
        return [Group(name) for name in self.names]


class User:
    is_authenticated = True
    username, uid = "rhea", "0123abcd"

    def group_attributes(self, request=None):
        return {"minio_policies": ["readonly"]}


class UserBefore(User):
    """Up to 2025.12: "groups" is Django's own and empty."""

    ak_groups, groups = Groups("MinIO readers", "minio-rw-red"), Groups()


class UserSince(User):
    """Since 2026.2: the old name makes an event of each use."""

    groups = Groups("MinIO readers", "minio-rw-red")

    @property
    def ak_groups(self):
        raise AssertionError("ak_groups is deprecated")


class UserLater(User):
    """When the old name is gone."""

    groups = Groups("MinIO readers", "minio-rw-red")


class Anonymous(User):
    is_authenticated = False
    username = "AnonymousUser"


class Provider:
    client_id = "minio"

    def get_issuer(self, request):
        return "https://" + request.host + "/application/o/minio/"

    def encode(self, claims):
        return {"encode": claims}


class HTTPRequest:
    host = "auth.example"


class Request:
    http_request = HTTPRequest() if asked["http"] else None


def ak_create_jwt_raw(provider, validity="seconds=60", **claims):
    return {"raw": {**claims, "validity": validity}}


users = {"before": UserBefore, "since": UserSince, "later": UserLater, "anonymous": Anonymous}
known = {"user": users[asked["user"]](), "request": Request(), "provider": Provider()}
known["request"].user = known["user"]
functions = {} if asked["release"] < "2026.2" else {"ak_create_jwt_raw": ak_create_jwt_raw}

arguments = ",".join(known)
source = f"def handler({arguments}):\n{indent(asked['expression'], '    ')}\nresult = handler({arguments})"
names = dict(known)
exec(compile(source, "mapping", "exec"), functions, names)
json.dump(names["result"], sys.stdout)
