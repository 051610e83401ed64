import { readFileSync } from 'node:fs'
import type { TopologySnapshot } from '../../topology/snapshot.ts'
import { buildVSchema } from '../../vschema/build-vschema.ts'
import { parseKeyspaceVSchema, parseRoutingRules, parseShardRoutingRules } from '../../vschema/records.ts'

/** What of the topology is to be replaced before it is looked at as a whole. */
export interface Proposal {
  readonly vschema?: { readonly keyspace: string; readonly json: unknown }
  readonly routingRules?: unknown
  readonly shardRoutingRules?: unknown
}

/**
 * What would be wrong with the whole VSchema if the proposal were taken, beyond what is wrong already: sequences,
 * reference tables and rules point from one keyspace into another.
 */
export function problemsOf(snapshot: TopologySnapshot, proposal: Proposal): readonly string[] {
  const before = new Set(problemsIn(snapshot, {}))
  return problemsIn(snapshot, proposal).filter(
    (problem) => !before.has(problem) || isAbout(problem, proposal),
  )
}

/** Old mistakes count when they are in the very thing that is proposed. */
function isAbout(problem: string, { vschema }: Proposal): boolean {
  return vschema !== undefined && problem.startsWith(vschema.keyspace)
}

function problemsIn(snapshot: TopologySnapshot, proposal: Proposal): readonly string[] {
  const names = [...snapshot.keyspaces.keys()]
  const keyspaces = new Map<string, unknown>(names.map((name) => [name, snapshot.vschemas.get(name) ?? {}]))
  if (proposal.vschema) keyspaces.set(proposal.vschema.keyspace, proposal.vschema.json)
  const rules = parseRoutingRules(proposal.routingRules ?? snapshot.routingRules, 'routing rules')
  const shardRules = parseShardRoutingRules(
    proposal.shardRoutingRules ?? snapshot.shardRoutingRules,
    'shard routing rules',
  )
  const vschema = buildVSchema(
    { keyspaces, routingRules: rules.record, shardRoutingRules: shardRules.record },
    { deps: { readFile: (path) => readFileSync(path) } },
  )
  const records = proposal.vschema
    ? parseKeyspaceVSchema(proposal.vschema.json, proposal.vschema.keyspace).problems
    : []
  return [...new Set([...records, ...rules.problems, ...shardRules.problems, ...vschema.problems])]
}
