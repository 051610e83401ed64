"""SQLAlchemy looks at the schema, makes tables of its own in the unsharded keyspace, and works with rows of both."""
from sqlalchemy import (JSON, URL, Column, Computed, DateTime, Enum, ForeignKey, Index, Integer, MetaData, Numeric, String, Table,
                        create_engine, event, func, inspect, select)
from sqlalchemy.dialects.mysql import insert

from questions import ask_all, server

statements = []


def open_database(name):
    url = URL.create("mysql+pymysql", server["user"], server["password"], server["host"], server["port"], name)
    engine = create_engine(url)
    event.listen(engine, "before_cursor_execute",
                 lambda connection, cursor, sql, values, context, many: statements.append(f"{sql} {values}"))
    return engine


shop, depot = open_database("shop"), open_database("depot")
metadata = MetaData()
boxes = Table(
    "boxes", metadata,
    Column("id", Integer, primary_key=True),
    Column("label", String(30), nullable=False, unique=True),
    Column("kind", Enum("small", "large"), server_default="small"),
    Column("weight", Numeric(8, 2)),
    Column("heavy", Numeric(10, 2), Computed("weight * 2")),
    Column("packed", DateTime),
    Column("content", JSON),
    Index("by_kind", "kind", "weight"),
    mysql_engine="InnoDB")
parcels = Table(
    "parcels", metadata,
    Column("id", Integer, primary_key=True),
    Column("box_id", ForeignKey("boxes.id", ondelete="CASCADE"), nullable=False))


def described(engine, table):
    """Types as text; without what says where the table is."""
    inspector = inspect(engine)
    return {
        "columns": [{**column, "type": str(column["type"])} for column in inspector.get_columns(table)],
        "key": inspector.get_pk_constraint(table),
        "indexes": sorted(inspector.get_indexes(table), key=lambda index: index["name"]),
        "foreign keys": inspector.get_foreign_keys(table),
        "unique": inspector.get_unique_constraints(table),
        "checks": inspector.get_check_constraints(table),
        "comment": inspector.get_table_comment(table),
    }


def reflected():
    known = MetaData()
    known.reflect(shop, only=["customers", "orders"])
    customers, orders = known.tables["customers"], known.tables["orders"]
    query = (select(customers.c.name, func.count(orders.c.id)).outerjoin(orders, orders.c.customer_id == customers.c.id)
             .where(customers.c.id.between(48, 53)).group_by(customers.c.id, customers.c.name).order_by(customers.c.id))
    return rows(shop, query)


def rows(engine, query):
    with engine.connect() as connection:
        return [list(row) for row in connection.execute(query)]


def changed(query, values=None):
    with depot.begin() as connection:
        return connection.execute(query, values).rowcount


def rolled_back():
    with depot.connect() as connection:
        connection.execute(boxes.delete())
        connection.rollback()
    return rows(depot, select(func.count()).select_from(boxes))


ask_all({
    "tables": lambda: sorted(inspect(shop).get_table_names()),
    "views": lambda: [name for name in inspect(shop).get_view_names() if name not in ("stock", "warehouses")],
    "a table that is there": lambda: [inspect(shop).has_table("orders"), inspect(shop).has_table("nothing")],
    "a sharded table": lambda: described(shop, "customers"),
    "a reference table": lambda: described(shop, "products"),
    "reflected, and asked": reflected,
    "tables made": lambda: metadata.create_all(depot),
    "tables made again": lambda: metadata.create_all(depot),
    "what was made": lambda: [described(depot, "boxes"), described(depot, "parcels")],
    "rows made": lambda: changed(boxes.insert(), [{"label": f"box {n}", "weight": n, "content": {"n": n}} for n in range(3)]),
    "rows that refer to them": lambda: changed(parcels.insert().from_select(["box_id"], select(boxes.c.id))),
    "rows seen": lambda: rows(depot, select(boxes, parcels.c.box_id).join(parcels).order_by(boxes.c.id)),
    "one of them twice": lambda: changed(boxes.insert(), {"label": "box 1"}),
    "one of them merged": lambda: changed(
        (merged := insert(boxes).values(label="box 1", weight=8)).on_duplicate_key_update(weight=merged.inserted.weight)),
    "a row that refers to nothing": lambda: changed(parcels.insert(), {"box_id": 77}),
    "rows changed": lambda: changed(boxes.update().where(boxes.c.weight > 1).values(kind="large", weight=boxes.c.weight / 3)),
    "rows rolled back": rolled_back,
    "rows gone, and those that refer to them": lambda: [
        changed(boxes.delete().where(boxes.c.kind == "large")), rows(depot, select(func.count()).select_from(parcels))],
    "tables gone": lambda: metadata.drop_all(depot),
}, statements)
shop.dispose()
depot.dispose()
