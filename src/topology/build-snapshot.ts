import { printAlias } from './alias.ts'
import type { TopologyRecord } from './parse-record.ts'
import type { RecordKey } from './paths.ts'
import type { Cell, CellsAlias, RoutingRules, Shard, ShardRoutingRules, Tablet } from './records.ts'
import { compareShardNames } from './shard-name.ts'
import type { KeyspaceState, ShardState, TopologyProblem, TopologySnapshot } from './snapshot.ts'

export interface ParsedRecord {
  readonly key: RecordKey
  readonly record: TopologyRecord
}

export const EMPTY_SNAPSHOT: TopologySnapshot = {
  version: 0,
  revision: '',
  stale: true,
  cells: new Map(),
  cellAliases: new Map(),
  keyspaces: new Map(),
  tablets: new Map(),
  vschemas: new Map(),
  routingRules: { rules: [] },
  shardRoutingRules: { rules: [] },
  queryRules: undefined,
  problems: [],
}

/**
 * Puts records together into a snapshot. Keyspaces and shards in which nothing changed are taken over from
 * `previous` as they are, so that listeners compare by identity.
 */
export function buildSnapshot(
  records: Iterable<ParsedRecord>,
  problems: readonly TopologyProblem[],
  previous: TopologySnapshot,
  about: { readonly revision: string; readonly stale: boolean },
): TopologySnapshot {
  const sorted = sortRecords(records)
  const lost = [...sorted.tablets.values()].filter((t) => !sorted.shards.get(t.keyspace)?.has(t.shard))
  return {
    version: previous.version + 1,
    ...about,
    cells: sorted.cells,
    cellAliases: sorted.cellAliases,
    keyspaces: buildKeyspaces(sorted, previous),
    tablets: sorted.tablets,
    vschemas: sorted.vschemas,
    routingRules: sorted.routingRules,
    shardRoutingRules: sorted.shardRoutingRules,
    queryRules: sorted.queryRules,
    problems: [
      ...problems,
      ...lost.map((t) => ({
        path: `tablets/${printAlias(t.alias)}/Tablet`,
        message: `shard ${t.keyspace}/${t.shard} does not exist`,
      })),
      ...[...sorted.vschemas.keys()]
        .filter((keyspace) => !sorted.keyspaces.has(keyspace))
        .map((keyspace) => ({
          path: `keyspaces/${keyspace}/VSchema`,
          message: `keyspace ${keyspace} does not exist`,
        })),
    ],
  }
}

const NO_RECORD: KeyspaceState['record'] = {}

interface SortedRecords {
  readonly cells: Map<string, Cell>
  readonly cellAliases: Map<string, CellsAlias>
  readonly keyspaces: Map<string, KeyspaceState['record']>
  readonly shards: Map<string, Map<string, Shard>>
  readonly tablets: Map<string, Tablet>
  readonly vschemas: Map<string, unknown>
  routingRules: RoutingRules
  shardRoutingRules: ShardRoutingRules
  queryRules: unknown
}

function sortRecords(records: Iterable<ParsedRecord>): SortedRecords {
  const out: SortedRecords = {
    cells: new Map(),
    cellAliases: new Map(),
    keyspaces: new Map(),
    shards: new Map(),
    tablets: new Map(),
    vschemas: new Map(),
    routingRules: EMPTY_SNAPSHOT.routingRules,
    shardRoutingRules: EMPTY_SNAPSHOT.shardRoutingRules,
    queryRules: undefined,
  }
  for (const { key, record } of records) {
    if (key.kind === 'Cell' && record.kind === 'Cell') out.cells.set(key.cell, record.value)
    if (key.kind === 'CellsAlias' && record.kind === 'CellsAlias')
      out.cellAliases.set(key.alias, record.value)
    if (key.kind === 'Keyspace' && record.kind === 'Keyspace') out.keyspaces.set(key.keyspace, record.value)
    if (key.kind === 'VSchema' && record.kind === 'VSchema') out.vschemas.set(key.keyspace, record.value)
    if (key.kind === 'Shard' && record.kind === 'Shard')
      entry(out.shards, key.keyspace).set(key.shard, record.value)
    if (key.kind === 'Tablet' && record.kind === 'Tablet')
      out.tablets.set(printAlias(key.alias), record.value)
    if (record.kind === 'RoutingRules') out.routingRules = record.value
    if (record.kind === 'ShardRoutingRules') out.shardRoutingRules = record.value
    if (record.kind === 'QueryRules') out.queryRules = record.value
  }
  return out
}

/** A keyspace is known by its own record or by having a shard. */
function buildKeyspaces(sorted: SortedRecords, previous: TopologySnapshot): Map<string, KeyspaceState> {
  const tabletsOf = new Map<string, Tablet[]>()
  for (const tablet of sorted.tablets.values()) {
    const list = tabletsOf.get(`${tablet.keyspace}/${tablet.shard}`)
    if (list) list.push(tablet)
    else tabletsOf.set(`${tablet.keyspace}/${tablet.shard}`, [tablet])
  }
  const names = [...new Set([...sorted.keyspaces.keys(), ...sorted.shards.keys()])].sort()
  return new Map(
    names.map((name) => {
      const before = previous.keyspaces.get(name)
      const record = sorted.keyspaces.get(name) ?? NO_RECORD
      const shards = new Map<string, ShardState>()
      const shardRecords = sorted.shards.get(name) ?? new Map<string, Shard>()
      for (const shard of [...shardRecords.keys()].sort(compareShardNames)) {
        const state = buildShard(
          name,
          shard,
          shardRecords.get(shard)!,
          tabletsOf.get(`${name}/${shard}`) ?? [],
        )
        const old = before?.shards.get(shard)
        shards.set(shard, old && sameShard(old, state) ? old : state)
      }
      const same = before && before.record === record && sameValues(before.shards, shards)
      return [name, same ? before : { name, record, shards }]
    }),
  )
}

function buildShard(keyspace: string, name: string, record: Shard, tablets: Tablet[]): ShardState {
  tablets.sort((a, b) => (printAlias(a.alias) < printAlias(b.alias) ? -1 : 1))
  const primary = findPrimary(record, tablets)
  return { keyspace, name, record, tablets, ...(primary && { primary }) }
}

function findPrimary(record: Shard, tablets: readonly Tablet[]): Tablet | undefined {
  if (record.primary_alias) {
    const wanted = printAlias(record.primary_alias)
    return tablets.find((tablet) => printAlias(tablet.alias) === wanted)
  }
  const primaries = tablets.filter((tablet) => tablet.type === 'PRIMARY')
  return primaries.length === 1 ? primaries[0] : undefined
}

function sameShard(a: ShardState, b: ShardState): boolean {
  return (
    a.record === b.record &&
    a.primary === b.primary &&
    a.tablets.length === b.tablets.length &&
    a.tablets.every((tablet, i) => tablet === b.tablets[i])
  )
}

function sameValues<V>(a: ReadonlyMap<string, V>, b: ReadonlyMap<string, V>): boolean {
  if (a.size !== b.size) return false
  for (const [key, value] of b) if (a.get(key) !== value) return false
  return true
}

function entry<V>(map: Map<string, Map<string, V>>, key: string): Map<string, V> {
  const found = map.get(key)
  if (found) return found
  const made = new Map<string, V>()
  map.set(key, made)
  return made
}
