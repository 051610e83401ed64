import { assert } from '../base/assert.ts'
import { notSupported } from '../errors/sql-error.ts'
import type { Routing } from '../plan/routing.ts'
import type { QueryTemplate, QueryText } from '../plan/text.ts'
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
  const params = new Map<number, string>()
  for (const value of routing.schemas) {
    if (textOf(bindValue(value, bindings)) !== names.keyspace) continue
    if (value.kind === 'Slot') slots.set(value.slot, quoteString(names.database))
    else if (value.kind === 'Param') params.set(value.param, quoteString(names.database))
    else throw notSupported('the name of a schema by an expression')
  }
  for (const slot of routing.lists ?? []) {
    const values = bindings.listValues(slot).map(textOf)
    if (!values.includes(names.keyspace)) continue
    const own = values.map((name) => (name === names.keyspace ? names.database : name))
    slots.set(slot, own.map(quoteString).join(', '))
  }
  if (params.size > 0) {
    assert(query.kind === 'Template', 'params that name a schema have their place in the plan')
    const template = withParams(query.template, params)
    return bindQuery({ kind: 'Template', template }, bindings.withSlotTexts(slots))
  }
  if (slots.size === 0) return bindQuery(query, bindings)
  if (query.kind === 'Verbatim') return { kind: 'Text', sql: bindings.textWith(slots), params: [] }
  return bindQuery(query, bindings.withSlotTexts(slots))
}

/** The text with other text in place of some params. */
function withParams(template: QueryTemplate, texts: ReadonlyMap<number, string>): QueryTemplate {
  return template.map((piece) => {
    if (typeof piece === 'string') return piece
    if ('param' in piece) return texts.get(piece.param) ?? piece
    return 'item' in piece ? { ...piece, item: withParams(piece.item, texts) } : piece
  })
}

function textOf({ bytes }: Value): string {
  return Buffer.from(bytes).toString()
}
