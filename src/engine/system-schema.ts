import { notSupported } from '../errors/sql-error.ts'
import type { Routing } from '../plan/routing.ts'
import type { QueryText } from '../plan/text.ts'
import type { PlanValue } from '../plan/values.ts'
import { quoteString } from '../values/sql-literal.ts'
import { bindQuery } from './bind.ts'
import type { Bindings, BoundQuery } from './bindings.ts'
import { bindValue } from './plan-value.ts'
import type { ShardsView } from './shards-view.ts'

/**
 * The keyspace whose shards a routing meets. A query of information_schema goes to the keyspace that it is about, by the
 * values it compares with names of schemas; throws 1235 when it names several.
 */
export function keyspaceAskedFor(
  routing: Routing,
  bindings: Bindings,
  shards: Pick<ShardsView, 'isKeyspace'>,
): string {
  if (routing.kind !== 'SystemSchema') return routing.keyspace
  const named = new Set(
    routing.schemas.map((value) => nameOf(value, bindings)).filter((name) => shards.isKeyspace(name)),
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
  routing: Routing & { readonly kind: 'SystemSchema' },
  bindings: Bindings,
  names: { readonly keyspace: string; readonly database: string },
): BoundQuery {
  if (names.database === names.keyspace || names.keyspace === '') return bindQuery(query, bindings)
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
