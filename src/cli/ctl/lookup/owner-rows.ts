import type { KeyspaceId } from '../../../key/keyspace-id.ts'
import { shardIndexOf } from '../../../key/shard-ranges.ts'
import { areEqual, quoteName } from '../../../values/sql-literal.ts'
import { isIntegral, isSigned, type Value, value } from '../../../values/value.ts'
import { after, type Entry, type OwnerRow, ownerItems, ownerRow, sameId, textOf } from './entries.ts'
import type { LookupPlace, OwnerPlace, ShardPlace } from './place.ts'
import type { ShardConnection, ShardConnections } from './shard-connection.ts'

/** `lock`: rows stay as they are until the transaction ends, and those that others are writing are waited for. */
export type Reading = 'plain' | 'lock'

/** Rows of one shard behind a key, in the key's order. */
export async function readBatch(
  place: LookupPlace,
  connection: ShardConnection,
  { from, count, reading }: { from: readonly Value[] | undefined; count: number; reading: Reading },
): Promise<readonly OwnerRow[]> {
  const names = place.owner.key.map(({ name }) => quoteName(name))
  const where = from === undefined ? '' : ` WHERE ${after(names, from)}`
  return read(place, connection, `${where} ORDER BY ${names.join(', ')} LIMIT ${count}`, reading)
}

/** The row with a key, locked; undefined where it is gone. */
export async function lockRow(
  place: LookupPlace,
  connection: ShardConnection,
  key: readonly Value[],
): Promise<OwnerRow | undefined> {
  const names = place.owner.key.map(({ name }) => quoteName(name))
  const [row] = await read(place, connection, ` WHERE ${areEqual(names, key)}`, 'lock')
  return row
}

async function read(
  place: LookupPlace,
  connection: ShardConnection,
  rest: string,
  reading: Reading,
): Promise<readonly OwnerRow[]> {
  const { owner } = place
  const sql = `SELECT ${ownerItems(owner)} FROM ${quoteName(owner.table.name)}${rest}`
  const rows =
    reading === 'lock' ? await connection.queryIn(`${sql} LOCK IN SHARE MODE`) : await connection.query(sql)
  return rows.map((cells) => ownerRow(cells, place))
}

export function shardOf({ shards }: OwnerPlace, id: KeyspaceId): ShardPlace {
  return shards[shardIndexOf(shards, id)]!
}

/** Whether the owner has a row with the entry's values and keyspace id. Undefined: that cannot be asked. */
export async function isOwned(
  entry: Entry,
  place: LookupPlace,
  connections: ShardConnections,
  reading: Reading,
): Promise<boolean | undefined> {
  const where = conditionOf(entry, place)
  if (where === undefined) return undefined
  const connection = await connections.to(shardOf(place.owner, entry.id).tablet)
  const rows = await read(place, connection, ` WHERE ${where}`, reading)
  return rows.some(({ entry: own }) => own !== undefined && sameId(own.id, entry.id))
}

/**
 * Which of these entries, all of one shard, the owner has rows for with the very same bytes, by `textOf`: for others `isOwned` has to
 * be asked. Rows are read until each has been found, `count` at a time.
 */
export async function ownedAlike(
  entries: readonly Entry[],
  place: LookupPlace,
  connection: ShardConnection,
  count: number,
): Promise<ReadonlySet<string>> {
  const conditions = new Set(entries.flatMap((entry) => conditionOf(entry, place) ?? []))
  const found = new Set<string>()
  if (conditions.size === 0) return found
  const names = place.owner.key.map(({ name }) => quoteName(name))
  const wanted = new Set(entries.map(textOf))
  const where = [...conditions].join(' OR ')
  let from: readonly Value[] | undefined
  for (;;) {
    const more = from === undefined ? '' : ` AND ${after(names, from)}`
    const rest = ` WHERE (${where})${more} ORDER BY ${names.join(', ')} LIMIT ${count}`
    const rows = await read(place, connection, rest, 'plain')
    for (const { entry } of rows) {
      const text = entry && textOf(entry)
      if (text !== undefined && wanted.has(text)) found.add(text)
    }
    if (found.size === wanted.size || rows.length < count) return found
    from = rows.at(-1)!.key
  }
}

/** Whether `isOwned` can be asked. */
export function canBeOwned({ owner, vindex }: LookupPlace): boolean {
  return vindex.fromValue === undefined || isReversible(owner)
}

/** Of the owner's rows that may be an entry's. Undefined: values cannot be told from the lookup table's numbers. */
function conditionOf(entry: Entry, { owner, vindex }: LookupPlace): string | undefined {
  const placing = placingValue(entry.id, owner)
  const parts = [
    ...(placing === undefined ? [] : [areEqual([quoteName(owner.placing[0]!.name)], [placing])]),
    ...(vindex.fromValue === undefined
      ? [
          areEqual(
            owner.columns.map(({ name }) => quoteName(name)),
            entry.cells,
          ),
        ]
      : []),
  ]
  return parts.length === 0 ? undefined : `(${parts.join(' AND ')})`
}

const REVERSIBLE: ReadonlySet<string> = new Set(['hash', 'numeric', 'reverse_bits'])
const HIGHEST_SIGNED = 2n ** 63n - 1n

/** The integer that a keyspace id comes from, where that can be told. */
function placingValue(id: KeyspaceId, owner: OwnerPlace): Value | undefined {
  const vindex = owner.table.columnVindexes[0]?.vindex
  if (!isReversible(owner) || vindex?.kind !== 'single' || vindex.reverse === undefined) return undefined
  const n = BigInt(Buffer.from(vindex.reverse(id).bytes).toString())
  const isNegative = isSigned(owner.placing[0]!.type!) && n > HIGHEST_SIGNED
  return isNegative ? value('INT64', String(n - 2n ** 64n)) : value('UINT64', String(n))
}

function isReversible({ table, placing: [column] }: OwnerPlace): boolean {
  const type = table.columnVindexes[0]?.type ?? ''
  return REVERSIBLE.has(type) && column?.type !== undefined && isIntegral(column.type)
}
