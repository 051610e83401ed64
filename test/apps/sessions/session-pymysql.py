"""PyMySQL: the script, then what the driver itself offers."""
import os
import sys

import pymysql

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from questions import ask_all, server  # noqa: E402

with open(os.path.join(os.path.dirname(__file__), "session.sql"), encoding="utf8") as file:
    script = [line for line in file.read().split("\n") if line != "" and not line.startswith("--")]


def connect(**more):
    return pymysql.connect(host=server["host"], port=server["port"], user=server["user"], password=server["password"],
                           database="work", charset="utf8mb4", **more)


db = connect(autocommit=True)


def told(cursor, count):
    types = cursor.description and [(name, kind, scale) for name, kind, _, _, _, scale, _ in cursor.description]
    return [count, cursor.lastrowid, types, [as_text(row) for row in cursor.fetchall()]]


def as_text(row):
    return [repr(value) for value in row]


def asked(sql, values=None):
    with db.cursor() as cursor:
        return told(cursor, cursor.execute(sql, values))


def question(sql):
    return lambda: asked(sql)


def many(sql, rows):
    with db.cursor() as cursor:
        return [cursor.executemany(sql, rows), cursor.lastrowid]


def transaction():
    db.autocommit(False)
    try:
        asked("UPDATE accounts SET balance = balance - 1 WHERE email = %s", "many1@x")
        db.rollback()
        asked("UPDATE accounts SET balance = balance - 1 WHERE email = %s", "many1@x")
        asked("UPDATE accounts SET balance = balance + 1 WHERE email = %s", "many2@x")
        db.commit()
        try:
            asked("INSERT INTO settings (name) VALUES ('p1'), ('p2'), ('p1')")
        except pymysql.IntegrityError as error:
            answer = repr(error)
        asked("INSERT INTO settings (name) VALUES ('p3')")
        db.rollback()
    finally:
        db.autocommit(True)
    return [answer, asked("SELECT email, balance FROM accounts WHERE email < 'many3' ORDER BY email"),
            asked("SELECT name FROM settings ORDER BY name")]


def unbuffered():
    other = connect(cursorclass=pymysql.cursors.SSDictCursor)
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT id > 0 AS known, email FROM accounts ORDER BY email")
            return [cursor.fetchone(), cursor.fetchmany(3), len(cursor.fetchall())]
    finally:
        other.close()


def affected_by_found_rows():
    """What Django and SQLAlchemy ask for: rows found, not rows changed."""
    other = connect(client_flag=pymysql.constants.CLIENT.FOUND_ROWS, autocommit=True)
    try:
        with other.cursor() as cursor:
            return [cursor.execute("UPDATE settings SET value = value WHERE name > ''"),
                    cursor.execute("INSERT INTO settings (name, value) VALUES ('q', 1) ON DUPLICATE KEY UPDATE value = 1"),
                    cursor.execute("INSERT INTO settings (name, value) VALUES ('q', 1) ON DUPLICATE KEY UPDATE value = 1")]
    finally:
        other.close()


def several():
    other = connect(client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS, autocommit=True)
    try:
        with other.cursor() as cursor:
            answers = [told(cursor, cursor.execute(
                "INSERT INTO settings (name) VALUES ('s1'), ('s2'); SELECT name FROM settings ORDER BY name; DELETE FROM settings WHERE name = 's1'"))]
            while cursor.nextset():
                answers.append(told(cursor, cursor.rowcount))
            return answers
    finally:
        other.close()


def tidy():
    for table in ["settings", "kinds", "accounts"]:
        asked(f"DELETE FROM {table}")


ask_all({
    **{f"{at + 1}: {sql}": question(sql) for at, sql in enumerate(script)},
    "rows in bulk": lambda: many("INSERT INTO accounts (email, balance) VALUES (%s, %s)",
                                 [(f"many{i}@x", i + 0.5) for i in range(30)]),
    "upserts in bulk": lambda: many(
        "INSERT INTO settings (name, value) VALUES (%s, %s) ON DUPLICATE KEY UPDATE value = VALUES(value)",
        [("a", "1"), ("b", "2"), ("a", "3")]),
    "changes one by one": lambda: many("UPDATE accounts SET balance = balance + %s WHERE email = %s",
                                       [(1, "many1@x"), (2, "many2@x"), (3, "nobody@x")]),
    "a transaction": transaction,
    "rows as they come": unbuffered,
    "rows found": affected_by_found_rows,
    "several at once": several,
    "tidied up": tidy,
}, [])
db.close()
