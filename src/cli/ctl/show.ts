import { NEEDS_REPAIR } from '../../topology/admin.ts'
import { printAlias } from '../../topology/alias.ts'
import { addressOf, databaseOf, type Tablet } from '../../topology/records.ts'
import type { KeyspaceState, TopologySnapshot } from '../../topology/snapshot.ts'
import { printTable } from './table.ts'

/** The whole topology for people. */
export function printTopology(snapshot: TopologySnapshot): string {
  const parts = [
    printKeyspaces(snapshot),
    printShards([...snapshot.keyspaces.values()]),
    printTablets([...snapshot.tablets.values()]),
  ]
  if (snapshot.cellAliases.size > 0) parts.push(printCellAliases(snapshot.cellAliases))
  const rules = snapshot.routingRules.rules
  if (rules.length > 0)
    parts.push(
      printTable(
        ['routing rule from', 'to'],
        rules.map((rule) => [rule.from_table, rule.to_tables.join(', ') || '(disabled)']),
      ),
    )
  if (snapshot.problems.length > 0)
    parts.push(
      printTable(
        ['problem in', 'message'],
        snapshot.problems.map((p) => [p.path, p.message]),
      ),
    )
  return parts.join('\n')
}

export function printKeyspaces(snapshot: TopologySnapshot): string {
  const rows = [...snapshot.keyspaces.values()].map(({ name, shards }) => {
    const vschema = snapshot.vschemas.get(name) as { sharded?: boolean; tables?: object } | undefined
    const tables = String(Object.keys(vschema?.tables ?? {}).length)
    return [name, vschema?.sharded ? 'yes' : 'no', String(shards.size), vschema ? tables : '(no VSchema)']
  })
  return printTable(['keyspace', 'sharded', 'shards', 'tables'], rows)
}

export function printCellAliases(aliases: TopologySnapshot['cellAliases']): string {
  const rows = [...aliases].map(([name, { cells = [] }]) => [name, cells.join(', ')])
  return printTable(['alias', 'cells'], rows)
}

export function printShards(keyspaces: readonly KeyspaceState[]): string {
  const rows = keyspaces.flatMap(({ name, shards }) =>
    [...shards.values()].map((shard) => [
      `${name}/${shard.name}`,
      shard.record.is_primary_serving === false ? 'no' : 'yes',
      shard.record.primary_alias ? printAlias(shard.record.primary_alias) : '(none)',
      String(shard.tablets.length),
    ]),
  )
  return printTable(['shard', 'serving', 'primary', 'tablets'], rows)
}

export function printTablets(tablets: readonly Tablet[]): string {
  const rows = tablets.map((tablet) => {
    const address = addressOf(tablet)
    const where = address.kind === 'unix' ? address.path : `${address.host}:${address.port}`
    return [
      printAlias(tablet.alias),
      tablet.type,
      `${tablet.keyspace}/${tablet.shard}`,
      where,
      databaseOf(tablet),
      String(tablet.weight ?? 1),
      stateOf(tablet),
    ]
  })
  const head = ['tablet', 'type', 'shard', 'address', 'database', 'weight']
  // The last column is there where somebody has something in it.
  if (tablets.some((tablet) => stateOf(tablet) !== '')) head.push('state')
  return printTable(head, rows.map((row) => row.slice(0, head.length)).sort())
}

function stateOf({ draining, managed, tags }: Tablet): string {
  const repair = tags?.[NEEDS_REPAIR]
  return [
    draining ? 'draining' : [],
    managed ? 'managed' : [],
    repair === undefined ? [] : `needs repair: ${repair}`,
  ]
    .flat()
    .join(', ')
}

/** The whole topology for machines: the records, under their names. */
export function topologyJson(snapshot: TopologySnapshot): unknown {
  return {
    cells: Object.fromEntries(snapshot.cells),
    cells_aliases: Object.fromEntries(snapshot.cellAliases),
    keyspaces: Object.fromEntries(
      [...snapshot.keyspaces].map(([name, { record, shards }]) => [
        name,
        { ...record, shards: Object.fromEntries([...shards].map(([shard, state]) => [shard, state.record])) },
      ]),
    ),
    tablets: Object.fromEntries(snapshot.tablets),
    vschemas: Object.fromEntries(snapshot.vschemas),
    routing_rules: snapshot.routingRules,
    shard_routing_rules: snapshot.shardRoutingRules,
    problems: snapshot.problems,
  }
}
