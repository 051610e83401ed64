"""What questions.mjs is to the applications in JavaScript."""
import datetime
import decimal
import json
import os

server = json.loads(os.environ["APP_SERVER"])


def ask_all(questions, statements):
    for name, ask in questions.items():
        statements.clear()
        try:
            answer = {"value": ask()}
        except Exception as error:  # an answer, too: it is compared
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps({"name": name, **answer, "statements": statements}, default=as_json), flush=True)


def as_json(value):
    if isinstance(value, (datetime.date, datetime.timedelta, decimal.Decimal)):
        return str(value)
    return [*value]
