import { readFileSync } from 'node:fs'
import type { TopologySnapshot } from '../../topology/snapshot.ts'
import { buildVSchema } from '../../vschema/build-vschema.ts'
import { doubts, missingColumns } from '../../vschema/doubts.ts'
import { parseRoutingRules, parseShardRoutingRules } from '../../vschema/records.ts'

/** What of the topology is to be replaced before it is looked at as a whole. */
export interface Proposal {
  readonly vschema?: { readonly keyspace: string; readonly json: unknown }
  readonly routingRules?: unknown
  readonly shardRoutingRules?: unknown
}

export interface Verdict {
  /** What may not be applied. */
  readonly problems: readonly string[]
  /** What may be meant so, and is more likely not. */
  readonly warnings: readonly string[]
}

/**
 * What would be wrong with the whole VSchema if the proposal were taken, beyond what is wrong already: sequences,
 * reference tables and rules point from one keyspace into another. Fields that serving passes over are mistakes here, for
 * they are mostly misspelt; with `allowUnknown` they are warnings.
 */
export function judge(
  snapshot: TopologySnapshot,
  proposal: Proposal,
  { allowUnknown }: { readonly allowUnknown: boolean },
): Verdict {
  const before = look(snapshot, {})
  const after = look(snapshot, proposal)
  const isNews = (texts: readonly string[]) => (text: string) =>
    !texts.includes(text) || isAbout(text, proposal)
  const unknown = after.unknownFields.filter(isNews(before.unknownFields))
  return {
    problems: [...after.problems.filter(isNews(before.problems)), ...(allowUnknown ? [] : unknown)],
    warnings: [...(allowUnknown ? unknown : []), ...after.warnings.filter(isNews(before.warnings))],
  }
}

/** Old mistakes count when they are in the very thing that is proposed. */
function isAbout(text: string, { vschema }: Proposal): boolean {
  return (
    vschema !== undefined &&
    /^[.:]/.test(text.slice(vschema.keyspace.length)) &&
    text.startsWith(vschema.keyspace)
  )
}

function look(snapshot: TopologySnapshot, proposal: Proposal) {
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
  return {
    problems: [...rules.problems, ...shardRules.problems, ...vschema.problems, ...missingColumns(vschema)],
    unknownFields: [...rules.unknownFields, ...shardRules.unknownFields, ...vschema.unknownFields],
    warnings: doubts(vschema),
  }
}
