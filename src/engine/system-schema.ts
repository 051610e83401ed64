import { notSupported } from '../errors/sql-error.ts'
import type { Routing } from '../plan/routing.ts'
import type { QueryText } from '../plan/text.ts'
import { quoteString } from '../values/sql-literal.ts'
import type { Value } from '../values/value.ts'
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
  const { schemas, lists = [] } = routing
  const names = [
    ...schemas.map((value) => textOf(bindValue(value, bindings))),
    ...lists.flatMap((slot) => bindings.listValues(slot).map(textOf)),
  ]
  const named = new Set(names.filter((name) => shards.isKeyspace(name)))
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
    if (textOf(bindValue(value, bindings)) !== names.keyspace) continue
    if (value.kind !== 'Slot')
      throw notSupported('information_schema by a param, of a keyspace whose databases have other names')
    slots.set(value.slot, quoteString(names.database))
  }
  for (const slot of routing.lists ?? []) {
    const values = bindings.listValues(slot).map(textOf)
    if (!values.includes(names.keyspace)) continue
    const own = values.map((name) => (name === names.keyspace ? names.database : name))
    slots.set(slot, own.map(quoteString).join(', '))
  }
  if (slots.size === 0) return bindQuery(query, bindings)
  if (query.kind === 'Verbatim') return { kind: 'Text', sql: bindings.textWith(slots), params: [] }
  return bindQuery(query, bindings.withSlotTexts(slots))
}

function textOf({ bytes }: Value): string {
  return Buffer.from(bytes).toString()
}
