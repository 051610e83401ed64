"""Django's own applications migrated into a sharded keyspace, whose VSchema names none of their tables."""
from io import StringIO

import pymysql
from django.conf import settings

from questions import ask_all, server

pymysql.version_info = (2, 2, 4, "final", 0)  # what Django asks of mysqlclient, in whose place PyMySQL stands
pymysql.install_as_MySQLdb()

login = {"USER": server["user"], "PASSWORD": server["password"], "HOST": server["host"], "PORT": server["port"]}
settings.configure(
    DATABASES={
        "default": {"ENGINE": "django.db.backends.mysql", "NAME": "shop", **login, "OPTIONS": {"charset": "utf8mb4"}},
    },
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions", "django.contrib.admin"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    USE_TZ=False,
    SECRET_KEY="of no use",
)

import django  # noqa: E402

django.setup()

from django.contrib.auth.models import Group, Permission, User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, models  # noqa: E402
from django.db.migrations import operations  # noqa: E402
from django.db.migrations.migration import Migration  # noqa: E402
from django.db.migrations.state import ProjectState  # noqa: E402


class Customer(models.Model):
    name = models.CharField(max_length=100)
    country = models.CharField(max_length=2)
    created_at = models.DateTimeField()

    class Meta:
        app_label, db_table, managed = "shop", "customers", False


statements = []


def logged(execute, sql, values, many, context):
    statements.append(f"{sql} {values}")
    return execute(sql, values, many, context)


connection.execute_wrappers.append(logged)


def command(*names, **options):
    output = StringIO()
    call_command(*names, stdout=output, verbosity=1, no_color=True, **options)
    return output.getvalue().splitlines()


def introspected(table):
    with connection.cursor() as cursor:
        see = connection.introspection
        fields = [[field.name, field.null_ok, field.internal_size] for field in see.get_table_description(cursor, table)]
        constraints = see.get_constraints(cursor, table)
        return [fields, {name: {**each, "columns": list(each["columns"])} for name, each in sorted(constraints.items())}]


def new_user():
    user = User.objects.create_user("ada", "ada@example.org", "secret", last_login=None)
    user.groups.add(Group.objects.create(name="editors"))
    user.groups.first().permissions.set(Permission.objects.filter(codename__startswith="add_"))
    return [user.pk, user.check_password("secret"), sorted(user.get_all_permissions())]


def customer():
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO customers (id, name, country, created_at) VALUES (77, 'Al', 'AT', '2024-01-01')")
    return [list(row) for row in Customer.objects.filter(pk=77).values_list("name", "country")]


def altered():
    """What migrations of an application do to its tables, forth and back."""
    book = Migration("book", "shop")
    book.operations = [
        operations.CreateModel("Shelf", [("id", models.BigAutoField(primary_key=True)), ("name", models.CharField(max_length=40))]),
        operations.CreateModel("Book", [
            ("id", models.BigAutoField(primary_key=True)),
            ("title", models.CharField(max_length=80)),
            ("shelf", models.ForeignKey("shop.Shelf", models.CASCADE)),
        ]),
        operations.AddField("Book", "pages", models.PositiveIntegerField(default=1)),
        operations.AlterField("Book", "title", models.CharField(max_length=120, unique=True)),
        operations.RenameField("Book", "pages", "length"),
        operations.AddIndex("Book", models.Index(fields=["length", "title"], name="book_length")),
        operations.AddConstraint("Book", models.CheckConstraint(condition=models.Q(length__gt=0), name="book_has_pages")),
        operations.RenameModel("Shelf", "Rack"),
        operations.RunSQL(["INSERT INTO shop_rack (name) VALUES ('a'), ('b')"], "DELETE FROM shop_rack"),
        operations.AlterUniqueTogether("Book", {("title", "shelf")}),
    ]
    with connection.schema_editor(atomic=False) as editor:
        state = book.apply(ProjectState(), editor)
    seen = introspected("shop_book")
    racks = list(state.apps.get_model("shop", "Rack").objects.order_by("name").values_list("name", flat=True))
    tables = connection.introspection.table_names()
    with connection.schema_editor(atomic=False) as editor:
        book.unapply(ProjectState(), editor)
    return [seen, racks, tables]


ask_all({
    "tables before": lambda: connection.introspection.table_names(),
    "the plan": lambda: command("showmigrations"),
    "migrated": lambda: command("migrate"),
    "migrated again": lambda: command("migrate"),
    "what has been": lambda: command("showmigrations"),
    "tables": lambda: connection.introspection.table_names(),
    "a table": lambda: introspected("auth_user_groups"),
    "models of what is there": lambda: command("inspectdb", "auth_permission", "customers"),
    "a user": new_user,
    "a user twice": lambda: User.objects.create(username="ada"),
    "a customer beside": customer,
    "altered": altered,
    "back": lambda: command("migrate", "admin", "zero"),
    "and forth": lambda: command("migrate"),
    "flushed": lambda: [command("flush", interactive=False), Customer.objects.count(), User.objects.count()],
}, statements)
