import { bigintParam, doubleParam, stringParam } from '../../support/protocol-client.ts'
import { type Family, WORDS } from './column-types.ts'
import { type Fragment, literal } from './fragment.ts'
import type { Expr, Grammar } from './grammar.ts'

/** A value of the family, written out; numbers and texts may be parameters. */
export function literalOf(g: Grammar, family: Family): Expr {
  return { sql: textOf(g, family), family, isTame: true }
}

/** 0 to 12. */
export function smallNumber(g: Grammar): Fragment {
  const value = g.random.int(13)
  return literal(String(value), bigintParam(value))
}

export function word(g: Grammar): Fragment {
  return quoted(g.random.pick(WORDS))
}

function textOf({ random }: Grammar, family: Family): Fragment {
  switch (family) {
    case 'integer': {
      const value = random.pick([0, 1, 2, 3, 5, 7, 12, 30, -1])
      return literal(String(value), bigintParam(value))
    }
    case 'decimal':
      return random.pick(['1.50', '0.0', '2.25', '-3.1', '10.00', '99.99'])
    case 'double': {
      const value = random.pick([0.5, 2.5, -1.25, 3, 0.125])
      return literal(`${value}e0`, doubleParam(value))
    }
    case 'text':
      return quoted(random.pick(WORDS))
    case 'binary':
      return random.pick(["x'61'", "x'00'", "x'ff'", "_binary 'abc'"])
    case 'date':
      return random.pick(["DATE '2024-02-29'", "DATE '1999-12-31'", "DATE '2020-01-01'"])
    case 'time':
      return random.pick(["TIME '12:30:00'", "TIME '-01:00:00'", "TIME '23:59:59'"])
    case 'datetime':
      return random.pick([
        "TIMESTAMP '2024-02-29 12:34:56'",
        "TIMESTAMP '2020-01-01 00:00:00'",
        "TIMESTAMP '2024-02-29 12:34:56.7'",
      ])
    case 'year':
      return random.pick(['1999', '2024', '2000'])
    case 'enum':
      return quoted(random.pick(['small', 'medium', 'large']))
    case 'set':
      return quoted(random.pick(['red', 'red,blue', '']))
    case 'bit':
      return random.pick(["b'1'", "b'0'", "b'11'"])
    case 'json':
      return random.pick([`CAST('{"a": 1}' AS JSON)`, `CAST('[1, "x"]' AS JSON)`, `CAST('3' AS JSON)`])
  }
}

function quoted(text: string): Fragment {
  return literal(`'${text}'`, stringParam(text))
}
