"""SQLAlchemy: units of work over sharded tables, with savepoints, upserts and errors."""
import os
import sys

from sqlalchemy import (JSON, URL, BigInteger, Column, DateTime, ForeignKey, Integer, Numeric, String, create_engine, delete,
                        event, func, insert, select, text, update)
from sqlalchemy.dialects.mysql import BIT, insert as upsert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, declarative_base, relationship

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from questions import ask_all, server  # noqa: E402

statements = []
url = URL.create("mysql+pymysql", server["user"], server["password"], server["host"], server["port"], "work")
engine = create_engine(url, pool_size=1, max_overflow=0)
event.listen(engine, "before_cursor_execute",
             lambda connection, cursor, sql, values, context, many: statements.append(f"{sql} {values}"))
Base = declarative_base()


class Account(Base):
    __tablename__ = "accounts"
    id = Column(BigInteger, primary_key=True)
    email = Column(String(100), unique=True)
    balance = Column(Numeric(12, 2), default=0)
    opened = Column(DateTime)
    entries = relationship("Entry", back_populates="account", cascade="all, delete-orphan", order_by="Entry.id")


class Entry(Base):
    __tablename__ = "entries"
    id = Column(BigInteger, primary_key=True)
    account_id = Column(ForeignKey("accounts.id"))
    amount = Column(Numeric(10, 2))
    note = Column(String(40))
    account = relationship(Account, back_populates="entries")


class Setting(Base):
    __tablename__ = "settings"
    name = Column(String(40), primary_key=True)
    value = Column(String(60))
    changes = Column(Integer, default=0)


class Kind(Base):
    __tablename__ = "kinds"
    id = Column(Integer, primary_key=True)
    decimals = Column(Numeric(30, 10))
    document = Column(JSON)
    bits = Column(BIT(12))


def accounts(session):
    return [(account.email, account.balance, [entry.note for entry in account.entries])
            for account in session.scalars(select(Account).order_by(Account.email))]


def made():
    with Session(engine) as session, session.begin():
        rows = [Account(email=f"orm{i}@x", balance=i * 10, entries=[Entry(amount=i, note=f"n{i}.{j}") for j in range(2)])
                for i in range(5)]
        session.add_all(rows)
        session.flush()
        first = rows[0].id
        return [[row.id - first for row in rows], accounts(session)]


def changed():
    with Session(engine) as session, session.begin():
        one, two = (session.scalars(select(Account).where(Account.email == email).with_for_update()).one()
                    for email in ("orm1@x", "orm2@x"))
        one.balance -= 5
        two.balance += 5
        two.entries[0].note = "changed"
        del two.entries[1]
        two.entries.append(Entry(amount=7, note="more"))
    with Session(engine) as session:
        return accounts(session)


def nested():
    with Session(engine) as session, session.begin():
        session.add(Setting(name="outer", value="1"))
        try:
            with session.begin_nested():
                session.add(Setting(name="inner", value="2"))
                session.flush()
                session.add(Account(email="orm1@x"))
                session.flush()
        except DBAPIError as error:
            told = repr(error.orig)
        with session.begin_nested():
            session.add(Setting(name="second", value="3"))
    return [told, settings()]


def settings():
    with Session(engine) as session:
        return [(row.name, row.value, row.changes) for row in session.scalars(select(Setting).order_by(Setting.name))]


def rolled_back():
    with Session(engine) as session:
        session.execute(delete(Entry))
        session.execute(delete(Account))
        session.rollback()
        return [session.scalar(select(func.count()).select_from(Account)), session.scalar(select(func.sum(Entry.amount)))]


def orphan():
    with Session(engine) as session, session.begin():
        session.execute(insert(Entry).values(id=-1, account_id=-1, amount=1))


def parent_gone():
    with Session(engine) as session, session.begin():
        session.execute(delete(Account).where(Account.email == "orm1@x"))


def merged():
    statement = upsert(Setting)
    statement = statement.on_duplicate_key_update(value=statement.inserted.value, changes=Setting.changes + 1)
    with engine.begin() as connection:
        one = connection.execute(statement, {"name": "outer", "value": "x"}).rowcount
        many = connection.execute(statement, [{"name": f"s{i}", "value": str(i)} for i in range(6)]).rowcount
        again = connection.execute(statement, [{"name": f"s{i}", "value": "9"} for i in range(4, 8)]).rowcount
    return [one, many, again, settings()]


def bulk():
    with Session(engine) as session, session.begin():
        session.bulk_insert_mappings(Account, [{"email": f"bulk{i:02}@x", "balance": i} for i in range(25)])
        session.bulk_update_mappings(Setting, [{"name": f"s{i}", "value": "bulk"} for i in range(3)])
        found = session.execute(update(Account).where(Account.email.like("bulk1%")).values(balance=Account.balance * 2))
        gone = session.execute(delete(Account).where(Account.email.between("bulk20@x", "bulk22@x")))
        return [found.rowcount, gone.rowcount, session.scalar(select(func.sum(Account.balance)))]


def kinds():
    with Session(engine) as session, session.begin():
        session.add_all([Kind(id=1, document={"a": [1, None, "ü"]}, bits=5), Kind(id=2, decimals="1.5", document=None)])
        session.flush()
        session.expire_all()
        return [(kind.id, kind.decimals, kind.document, kind.bits) for kind in session.scalars(select(Kind).order_by(Kind.id))]


def isolated():
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("INSERT INTO settings (name) VALUES ('auto')"))
        connection.rollback()
    with engine.connect().execution_options(isolation_level="SERIALIZABLE") as connection:
        return [connection.scalar(text("SELECT COUNT(*) FROM settings WHERE name = 'auto'")), connection.get_isolation_level()]


def tidy():
    with engine.begin() as connection:
        return [connection.execute(text(f"DELETE FROM {table}")).rowcount for table in ("entries", "accounts", "settings", "kinds")]


ask_all({
    "objects made": made,
    "objects changed": changed,
    "savepoints, and an error in one": nested,
    "all rolled back": rolled_back,
    "a child without its parent": orphan,
    "a parent with children": parent_gone,
    "upserts": merged,
    "in bulk": bulk,
    "kinds": kinds,
    "isolation": isolated,
    "tidied up": tidy,
}, statements)
