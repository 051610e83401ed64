"""Django: its ORM's transactions, savepoints, bulk operations and upserts over sharded tables."""
import os
import sys

import pymysql
from django.conf import settings

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from questions import ask_all, server  # noqa: E402

pymysql.version_info = (2, 2, 4, "final", 0)  # what Django asks of mysqlclient, in whose place PyMySQL stands
pymysql.install_as_MySQLdb()
login = {"USER": server["user"], "PASSWORD": server["password"], "HOST": server["host"], "PORT": server["port"]}
settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.mysql", "NAME": "work", **login, "OPTIONS": {"charset": "utf8mb4"}}},
    INSTALLED_APPS=[],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=False,
    SECRET_KEY="of no use",
)

import django  # noqa: E402

django.setup()

from django.db import DatabaseError, connection, models, transaction  # noqa: E402
from django.db.models import Case, Count, F, Sum, Value, When  # noqa: E402


class Account(models.Model):
    email = models.CharField(max_length=100, unique=True)
    balance = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    opened = models.DateTimeField(null=True)

    class Meta:
        app_label, db_table, managed = "work", "accounts", False


class Entry(models.Model):
    account = models.ForeignKey(Account, models.CASCADE, related_name="entries")
    amount = models.DecimalField(max_digits=10, decimal_places=2)
    note = models.CharField(max_length=40, null=True)

    class Meta:
        app_label, db_table, managed = "work", "entries", False


class Setting(models.Model):
    name = models.CharField(max_length=40, primary_key=True)
    value = models.CharField(max_length=60, null=True)
    changes = models.IntegerField(default=0)

    class Meta:
        app_label, db_table, managed = "work", "settings", False


class Kind(models.Model):
    id = models.IntegerField(primary_key=True)
    decimals = models.DecimalField(max_digits=30, decimal_places=10, null=True)
    moment = models.DateTimeField(null=True)
    span = models.DurationField(null=True)
    document = models.JSONField(null=True)
    bytes = models.BinaryField(null=True)

    class Meta:
        app_label, db_table, managed = "work", "kinds", False


accounts, entries, kept, kinds = Account.objects, Entry.objects, Setting.objects, Kind.objects


def all_settings():
    return list(kept.order_by("name").values_list("name", "value", "changes"))


def all_accounts():
    return list(accounts.order_by("email").values_list("email", "balance"))


def made():
    first = accounts.create(email="dj0@x", balance="1.50")
    rows = accounts.bulk_create([Account(email=f"dj{i}@x", balance=i) for i in range(1, 8)])
    entries.bulk_create([Entry(account=account, amount=2) for account in accounts.all()], batch_size=3)
    return [first.pk is not None, len(rows), all_accounts()]


@transaction.atomic
def moved():
    one, two = accounts.select_for_update().filter(email__in=["dj1@x", "dj2@x"]).order_by("email")
    one.balance -= 1
    one.save(update_fields=["balance"])
    two.balance = F("balance") + 1
    two.save()
    two.refresh_from_db()
    return [one.balance, two.balance]


def nested():
    errors = []
    with transaction.atomic():
        kept.create(name="outer")
        for name in ("inner", "outer", "last"):
            try:
                with transaction.atomic():
                    kept.create(name=name)
            except DatabaseError as error:
                errors.append(repr(error))
        try:
            with transaction.atomic():
                kept.create(name="gone")
                accounts.create(email="dj1@x")
        except DatabaseError as error:
            errors.append(repr(error))
    return [errors, all_settings()]


def failed():
    try:
        with transaction.atomic():
            accounts.all().update(balance=0)
            entries.all().delete()
            raise ValueError("no thanks")
    except ValueError:
        return [all_accounts(), entries.count()]


def orphan():
    entries.create(id=-1, account_id=-1, amount=1)


def upserts():
    made = [kept.update_or_create(name=name, defaults={"value": value})[1]
            for name, value in [("outer", "1"), ("new", "2"), ("outer", "3")]]
    found = [kept.get_or_create(name=name)[1] for name in ("new", "newer")]
    kept.bulk_create([Setting(name=name, value="bulk") for name in ("new", "newest", "outer")],
                     update_conflicts=True, update_fields=["value"])
    kept.bulk_create([Setting(name=name, value="ignored") for name in ("new", "ignored")], ignore_conflicts=True)
    return [made, found, all_settings()]


def bulk_changed():
    rows = list(accounts.order_by("email"))
    for at, row in enumerate(rows):
        row.balance = at * 3
    changed = accounts.bulk_update(rows, ["balance"])
    cased = accounts.update(balance=Case(When(email__lt="dj3@x", then=F("balance") + 100), default=Value(1)))
    return [changed, cased, all_accounts()]


def cascade():
    return [accounts.filter(email__gte="dj5@x").delete(), entries.aggregate(Sum("amount")),
            list(accounts.annotate(n=Count("entries")).order_by("email").values_list("email", "n"))]


def of_kinds():
    import datetime
    kinds.create(id=1, decimals="12345678901234567890.5", moment=datetime.datetime(2024, 2, 29, 1, 2, 3, 456789),
                 document={"a": [1, "ü", None]}, bytes=b"\x00\xff'")
    kinds.create(id=2)
    return [list(kinds.order_by("id").values_list("id", "decimals", "moment", "document")),
            [bytes(kind.bytes or b"").hex() for kind in kinds.order_by("id")],
            kinds.filter(document__a__0=1).count()]


def hooks():
    seen = []
    with transaction.atomic():
        transaction.on_commit(lambda: seen.append("committed"))
        connection.cursor().execute("UPDATE settings SET changes = changes + 1 WHERE name = %s", ["outer"])
    return seen


def tidy():
    return [model.objects.all().delete() for model in (Entry, Account, Setting, Kind)]


ask_all({
    "objects made": made,
    "money moved": moved,
    "savepoints, and errors in some": nested,
    "a transaction that fails": failed,
    "a child without its parent": orphan,
    "upserts": upserts,
    "changed in bulk": bulk_changed,
    "deleted with what refers to it": cascade,
    "kinds": of_kinds,
    "after the commit": hooks,
    "tidied up": tidy,
}, [])
