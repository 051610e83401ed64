import { bindQuery } from '../engine/bind.ts'
import type { Bindings, BoundQuery } from '../engine/bindings.ts'
import { bindValue } from '../engine/plan-value.ts'
import { notSupported } from '../errors/sql-error.ts'
import type { Routing } from '../plan/routing.ts'
import type { QueryText } from '../plan/text.ts'
import type { PlanValue } from '../plan/values.ts'
import { quoteString } from './session-functions.ts'
import type { StatementBindings } from './statement-bindings.ts'

type SystemSchema = Routing & { readonly kind: 'SystemSchema' }

/** The keyspace that a query of information_schema is about; throws 1235 when it names several. */
export function keyspaceAskedFor(
  routing: SystemSchema,
  bindings: Bindings,
  keyspaces: { has(name: string): boolean },
): string {
  const named = new Set(
    routing.schemas.map((value) => nameOf(value, bindings)).filter((name) => keyspaces.has(name)),
  )
  if (named.size > 1) throw notSupported('information_schema of several keyspaces in one statement')
  return [...named][0] ?? routing.keyspace
}

/**
 * The query as a shard must be asked whose database has another name than the keyspace: the keyspace's name becomes the
 * database's. What it answers in columns like TABLE_SCHEMA is the database's name.
 */
export function inDatabase(
  query: QueryText,
  routing: SystemSchema,
  bindings: StatementBindings,
  names: { readonly keyspace: string; readonly database: string },
): BoundQuery {
  const slots = new Map<number, string>()
  for (const value of routing.schemas) {
    if (nameOf(value, bindings) !== names.keyspace) continue
    if (value.kind !== 'Slot')
      throw notSupported('information_schema by a param, of a keyspace whose databases have other names')
    slots.set(value.slot, quoteString(names.database))
  }
  if (slots.size === 0) return bindQuery(query, bindings)
  if (query.kind === 'Verbatim') return { kind: 'Text', sql: bindings.textWith(slots), params: [] }
  return bindQuery(query, bindings.withSlotTexts(slots))
}

function nameOf(value: PlanValue, bindings: Bindings): string {
  return Buffer.from(bindValue(value, bindings).bytes).toString()
}
