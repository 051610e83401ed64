import { shardRangeOf, tilingProblem } from '../../../key/shard-ranges.ts'
import { compareShardNames } from '../../../topology/shard-name.ts'
import type { KeyspaceState, TopologySnapshot } from '../../../topology/snapshot.ts'
import { doubts, missingColumns } from '../../../vschema/doubts.ts'
import type { VSchema } from '../../../vschema/model.ts'
import { type Finding, fromPlaced, mistake, ok, warning } from './finding.ts'

/** What the records alone tell: unreadable ones, gaps between shards, shards without a primary, missing VSchemas. */
export function checkTopology(snapshot: TopologySnapshot): Finding[] {
  const found = [
    ...snapshot.problems.map(({ path, message }) => mistake(path, message)),
    ...[...snapshot.keyspaces.values()].flatMap((keyspace) => checkKeyspace(snapshot, keyspace)),
  ]
  if (found.some(({ level }) => level === 'error')) return found
  const shards = [...snapshot.keyspaces.values()].reduce((sum, keyspace) => sum + keyspace.shards.size, 0)
  const counts = `${snapshot.keyspaces.size} keyspaces, ${shards} shards, ${snapshot.tablets.size} tablets`
  return [ok('topology', counts), ...found]
}

export function checkVSchema(vschema: VSchema): Finding[] {
  const found = [
    ...[...vschema.problems, ...missingColumns(vschema)].map((text) => fromPlaced('error', text)),
    ...[...vschema.unknownFields, ...doubts(vschema)].map((text) => fromPlaced('warning', text)),
  ]
  return found.length > 0 ? found : [ok('VSchema', 'no mistakes')]
}

function checkKeyspace(snapshot: TopologySnapshot, { name, shards }: KeyspaceState): Finding[] {
  const serving = [...shards.values()].filter(({ record }) => record.is_primary_serving !== false)
  const names = serving.map((shard) => shard.name).sort(compareShardNames)
  const gap = tilingProblem(names.map(shardRangeOf))
  const withoutPrimary = serving.filter(({ primary }) => primary === undefined)
  return [
    ...(gap === undefined ? [] : [mistake(`keyspace ${name}`, gap)]),
    ...withoutPrimary.map((shard) => mistake(`shard ${name}/${shard.name}`, 'the topology names no primary')),
    ...(snapshot.vschemas.has(name)
      ? []
      : [warning(`keyspace ${name}`, `no VSchema; it counts as unsharded (ctl vschema apply ${name} FILE)`)]),
  ]
}
