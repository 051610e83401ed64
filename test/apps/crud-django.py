"""Django inspects the schema, migrates the unsharded keyspace with its own applications, and works with rows of both."""
from io import StringIO

import pymysql
from django.conf import settings

from questions import ask_all, server

pymysql.version_info = (2, 2, 4, "final", 0)  # what Django asks of mysqlclient, in whose place PyMySQL stands
pymysql.install_as_MySQLdb()


def database(name):
    login = {"USER": server["user"], "PASSWORD": server["password"], "HOST": server["host"], "PORT": server["port"]}
    return {"ENGINE": "django.db.backends.mysql", "NAME": name, **login, "OPTIONS": {"charset": "utf8mb4"}}


settings.configure(
    DATABASES={"default": database("depot"), "shop": database("shop")},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    USE_TZ=False,
    SECRET_KEY="of no use",
)

import django  # noqa: E402

django.setup()

from django.contrib.auth.models import Group, Permission, User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections, models, transaction  # noqa: E402
from django.db.models import (Avg, Count, Exists, F, Max, OuterRef, Prefetch, Q, Subquery, Sum, Window)  # noqa: E402
from django.db.models.functions import Coalesce, Rank, TruncMonth  # noqa: E402


class Customer(models.Model):
    name = models.CharField(max_length=100)
    email = models.CharField(max_length=200, null=True)
    country = models.CharField(max_length=2)
    balance = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    created_at = models.DateTimeField()

    class Meta:
        app_label, db_table, managed = "shop", "customers", False


class Order(models.Model):
    customer = models.ForeignKey(Customer, models.DO_NOTHING, related_name="orders", db_constraint=False)
    status = models.CharField(max_length=10)
    total = models.DecimalField(max_digits=12, decimal_places=2)
    placed_at = models.DateTimeField()

    class Meta:
        app_label, db_table, managed = "shop", "orders", False


customers, orders = Customer.objects.using("shop"), Order.objects.using("shop")
statements = []


def logged(execute, sql, values, many, context):
    statements.append(f"{sql} {values}")
    return execute(sql, values, many, context)


for connection in connections.all():
    connection.execute_wrappers.append(logged)


def command(*names, **options):
    output = StringIO()
    call_command(*names, stdout=output, verbosity=1, no_color=True, **options)
    return output.getvalue().splitlines()


def introspected(table):
    connection = connections["shop"]
    with connection.cursor() as cursor:
        see = connection.introspection
        fields = [[field.name, field.null_ok, field.internal_size] for field in see.get_table_description(cursor, table)]
        constraints = see.get_constraints(cursor, table)
        return [fields, {name: {**each, "columns": list(each["columns"])} for name, each in sorted(constraints.items())}]


def new_user():
    user = User.objects.create_user("ada", "ada@example.org", "secret", last_login=None)
    user.groups.add(Group.objects.create(name="editors"))
    user.groups.first().permissions.set(Permission.objects.filter(codename__startswith="add_"))
    user.first_name = "Ada"
    user.save()
    return [user.pk, user.check_password("secret"), sorted(user.get_all_permissions())]


def customer_in_a_transaction():
    with transaction.atomic("shop"):
        made = customers.create(name="Dj", country="AT", created_at="2024-01-01 00:00:00")
        with transaction.atomic("shop"):
            customers.filter(pk=made.pk).update(name="Django", balance=F("balance") + 3)
        made.refresh_from_db()
        locked = customers.select_for_update().get(pk=made.pk)
    return [made.name, str(locked.balance), made.delete()[0]]


def half_a_transaction():
    try:
        with transaction.atomic("shop"):
            customers.filter(pk__gt=0).update(email="lost")
            raise KeyError
    except KeyError:
        return customers.filter(email="lost").count()


def got_or_made():
    defaults = {"country": "BR", "created_at": "2024-01-01 00:00:00"}
    first, second = [customers.get_or_create(name="Once", defaults=defaults) for _ in range(2)]
    third = customers.update_or_create(name="Once", defaults={"country": "JP"})
    return [first[1], second[1], third[1], customers.filter(name="Once").delete()[0]]


large = orders.filter(customer=OuterRef("pk"), total__gt=480)
latest = orders.filter(customer=OuterRef("pk")).order_by("-placed_at")
spent_rank = Window(Rank(), order_by=F("spent").desc())

ask_all({
    "models of what is there": lambda: command("inspectdb", "customers", "orders", "products", database="shop"),
    "a sharded table": lambda: introspected("orders"),
    "migrated": lambda: command("migrate"),
    "migrated again": lambda: command("migrate"),
    "what has been": lambda: command("showmigrations"),
    "what the checks say": lambda: command("check", databases=["default", "shop"]),
    "a user": new_user,
    "users": lambda: list(User.objects.filter(groups__name="editors").values("username", "first_name", "groups__name")),
    "a user twice": lambda: User.objects.create(username="ada"),
    "what is gone with a user": lambda: sorted(User.objects.all().delete()[1].items()),
    "order history": lambda: list(orders.filter(customer_id=7).order_by("-placed_at").values("id", "total")[:3]),
    "orders with customers": lambda: [
        [order.id, order.customer.name] for order in orders.select_related("customer").order_by("-total", "id")[:5]],
    "customers with orders": lambda: [
        [customer.id, [order.id for order in customer.orders.all()]]
        for customer in customers.prefetch_related(Prefetch("orders", orders.order_by("id"))).order_by("id")[:4]],
    "totals": lambda: orders.aggregate(n=Count("*"), total=Coalesce(Sum("total"), 0, output_field=models.DecimalField()),
                                       mean=Avg("total"), last=Max("placed_at")),
    "customers and their counts": lambda: list(
        customers.annotate(n=Count("orders"), spent=Sum("orders__total")).filter(n__gt=3).order_by("-spent", "id").values("id", "n", "spent")[:5]),
    "counts of two kinds": lambda: list(
        customers.annotate(paid=Count("orders", filter=Q(orders__status="paid")), all=Count("orders")).order_by("-paid", "id")
        .values("id", "paid", "all")[:5]),
    "turnover by month": lambda: list(
        orders.annotate(month=TruncMonth("placed_at")).values("month").annotate(total=Sum("total")).order_by("month")),
    "customers with a large order": lambda: list(customers.filter(Exists(large)).order_by("id").values_list("id", flat=True)),
    "customers without": lambda: customers.exclude(Exists(large)).count(),
    "customers who did not return": lambda: customers.exclude(orders__status="returned").count(),
    "the latest order of each": lambda: list(
        customers.annotate(latest=Subquery(latest.values("id")[:1])).order_by("id").values("id", "latest")[:6]),
    "rank of customers": lambda: list(
        customers.annotate(spent=Sum("orders__total")).filter(spent__gt=0).annotate(place=spent_rank).order_by("place", "id").values("id", "place")[:6]),
    "countries": lambda: list(customers.order_by("country").values_list("country", flat=True).distinct()),
    "two kinds of orders": lambda: list(
        orders.filter(total__gt=490).union(orders.filter(customer_id=3)).order_by("id").values_list("id", flat=True)),
    "the average of the sums": lambda: customers.annotate(spent=Sum("orders__total")).aggregate(Avg("spent")),
    "a page of pages": lambda: orders.order_by("id")[10:30].aggregate(Sum("total")),
    "whether there is one": lambda: [orders.filter(status="sent").exists(), orders.filter(status="gone").exists()],
    "a customer in a transaction": customer_in_a_transaction,
    "half a transaction": half_a_transaction,
    "got or made": got_or_made,
    "many at once": lambda: [len(customers.bulk_create(
        [Customer(id=n, name=f"n{n}", country="DE", created_at="2024-01-01 00:00:00") for n in range(800, 820)])),
        customers.filter(pk__gte=800, pk__lt=820).delete()[0]],
    "unmigrated": lambda: command("migrate", "auth", "zero") + command("migrate", "sessions", "zero") + command("migrate", "contenttypes", "zero"),
}, statements)
