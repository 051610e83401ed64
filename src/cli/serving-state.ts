import type { KeyspaceShards } from '../tablet/keyspace-shards.ts'
import type { ServingTablet } from '../tablet/serving-tablet.ts'
import type { TopologySnapshot } from '../topology/snapshot.ts'

/** How a proxy serves, as `/readyz` and the log tell it. */
export interface ServingState {
  /**
   * False when no keyspace can be served. One that is in trouble among others is told and not more: taken out of service
   * for it, every proxy would take the healthy keyspaces along.
   */
  readonly isServing: boolean
  readonly problems: readonly ServingProblem[]
}

export interface ServingProblem {
  /** `keyspace shop`, `tablet zone1-0000000100 (db1:3306) of shop/-80` */
  readonly what: string
  readonly reason: string
}

interface Gateway {
  readonly keyspaces: ReadonlyMap<string, KeyspaceShards>
  readonly tablets: readonly ServingTablet[]
}

export function servingState(snapshot: TopologySnapshot, gateway: Gateway): ServingState {
  const problems = [
    ...[...gateway.keyspaces.values()].flatMap((shards) => keyspaceProblems(snapshot, shards)),
    ...gateway.tablets.flatMap(tabletProblems),
  ]
  const answering = new Set(
    gateway.tablets.filter(({ health }) => health.state === 'healthy').map(({ record }) => record.keyspace),
  )
  const served = [...gateway.keyspaces.values()].filter(
    ({ keyspace, problem }) => problem === undefined && answering.has(keyspace),
  )
  return { isServing: gateway.keyspaces.size === 0 || served.length > 0, problems }
}

export function printProblem({ what, reason }: ServingProblem): string {
  return `${what}: ${reason}`
}

/** Why no client can be served, one reason a line; undefined when some can. */
export function notServing(state: ServingState | undefined): string | undefined {
  if (state === undefined || state.isServing) return undefined
  return state.problems.map(printProblem).join('\n')
}

function keyspaceProblems(snapshot: TopologySnapshot, shards: KeyspaceShards): ServingProblem[] {
  const { keyspace, problem } = shards
  if (problem !== undefined) return [{ what: `keyspace ${keyspace}`, reason: problem.message }]
  const states = snapshot.keyspaces.get(keyspace)?.shards
  return shards.shards
    .filter(({ name }) => states?.get(name)?.primary === undefined)
    .map(({ name }) => ({ what: `shard ${keyspace}/${name}`, reason: 'the topology names no primary' }))
}

function tabletProblems({ name, record, health }: ServingTablet): ServingProblem[] {
  if (health.state === 'healthy') return []
  const reason = health.state === 'unknown' ? 'it has not answered yet' : health.lastError
  return [{ what: `tablet ${name} of ${record.keyspace}/${record.shard}`, reason }]
}
