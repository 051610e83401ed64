import type { KeyspaceShards } from '../tablet/keyspace-shards.ts'
import type { ServingTablet } from '../tablet/serving-tablet.ts'
import type { ServedPrimary } from '../tablet/shard-primary.ts'

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
  readonly primaries: readonly Pick<ServedPrimary, 'name' | 'endpoint' | 'trouble' | 'alarm'>[]
  readonly tablets: readonly ServingTablet[]
}

export function servingState(gateway: Gateway): ServingState {
  const problems = [
    ...[...gateway.keyspaces.values()].flatMap(keyspaceProblems),
    ...gateway.primaries.flatMap(shardProblems),
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

function keyspaceProblems({ keyspace, problem }: KeyspaceShards): ServingProblem[] {
  return problem === undefined ? [] : [{ what: `keyspace ${keyspace}`, reason: problem.message }]
}

/** What is the matter with the primary itself is told of the tablet. */
function shardProblems({ name, endpoint, trouble, alarm }: Gateway['primaries'][number]): ServingProblem[] {
  const reason = alarm ?? (endpoint === undefined ? trouble : undefined)
  return reason === undefined ? [] : [{ what: `shard ${name}`, reason }]
}

function tabletProblems({ name, record, health }: ServingTablet): ServingProblem[] {
  if (health.state === 'healthy') return []
  const reason = health.state === 'unknown' ? 'it has not answered yet' : health.lastError
  return [{ what: `tablet ${name} of ${record.keyspace}/${record.shard}`, reason }]
}
