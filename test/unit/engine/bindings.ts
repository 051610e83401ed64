import { assert } from '../../../src/base/assert.ts'
import type { Bindings, BoundRows } from '../../../src/engine/bindings.ts'
import type { KeyspaceId } from '../../../src/key/keyspace-id.ts'
import type { PlanValue } from '../../../src/plan/values.ts'
import { nullValue, type Value, value } from '../../../src/values/value.ts'

/** A literal as a statement might hold it: 5, 'a', NULL. */
export type Literal = number | string | null | Value

export function toValue(literal: Literal): Value {
  if (literal === null) return nullValue
  if (typeof literal === 'number') return value('INT64', String(literal))
  return typeof literal === 'string' ? value('VARCHAR', literal) : literal
}

export function textOf(literal: Literal): string {
  if (literal === null) return 'NULL'
  if (typeof literal === 'number') return String(literal)
  return typeof literal === 'string' ? `'${literal}'` : Buffer.from(literal.bytes).latin1Slice()
}

export interface TestValues {
  readonly slots?: readonly (Literal | readonly Literal[])[]
  readonly rows?: readonly (readonly Literal[])[]
  readonly params?: readonly Literal[]
  readonly lookedUp?: readonly KeyspaceId[]
  /** What every expression comes to. */
  readonly computed?: Literal
}

/** `rows` is what every rows slot holds. */
export function bindingsOf(values: TestValues): Bindings {
  const slot = (n: number) => {
    const found = values.slots?.[n]
    assert(found !== undefined, `slot ${n}`)
    return found
  }
  const list = (n: number) => slot(n) as readonly Literal[]
  return {
    isMariadb: false,
    statementBytes: 100,
    slotValue: (n) => toValue(slot(n) as Literal),
    slotText: (n) => (Array.isArray(slot(n)) ? list(n).map(textOf).join(', ') : textOf(slot(n) as Literal)),
    listValues: (n) => list(n).map(toValue),
    rows: () => boundRows(values.rows ?? []),
    paramValue: (n) => toValue(values.params?.[n] as Literal),
    paramText: (n) => textOf(values.params?.[n] as Literal),
    sessionText: (name) => `<${name}>`,
    computedValue: () => toValue(values.computed ?? null),
    lookedUp: () => values.lookedUp,
    textWith: () => '',
    withSlotTexts: () => {
      throw new Error('nobody asks')
    },
  }
}

function boundRows(rows: readonly (readonly Literal[])[]): BoundRows {
  return {
    rowCount: rows.length,
    width: rows[0]?.length ?? 0,
    rowText: (row) => `(${rows[row].map(textOf).join(',')})`,
    cellText: (row, column) => textOf(rows[row][column]),
    cellValue: (row, column) => toValue(rows[row][column]),
  }
}

export const constant = (literal: Literal): PlanValue => ({ kind: 'Constant', value: toValue(literal) })
