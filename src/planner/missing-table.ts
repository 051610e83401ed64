import type { Plan } from '../plan/plan.ts'
import type { Delete, Insert, Load, Update } from '../sql/ast.ts'
import { tablesOf } from '../sql/tables-of.ts'
import type { PlanContext } from './plan-context.ts'

/**
 * What is refused for a write that names a table of the VSchema which no server has: that there is none (1146), as a server says
 * which looks for it first. The tables are looked at once more before, for others may have made it meanwhile.
 */
export function withMissingTable(
  statement: Insert | Load | Update | Delete,
  plan: Plan,
  { vschema, defaultKeyspace, tabletType }: PlanContext,
): Plan {
  const { root } = plan
  const isRefused =
    root.kind === 'Unsupported' || (root.kind === 'Write' && root.singleShardOnly !== undefined)
  if (!isRefused) return plan
  for (const { qualifier = defaultKeyspace, name } of tablesOf(statement)) {
    const found = vschema.findTable(qualifier, name, tabletType)
    if (found.kind !== 'found' || found.table.live !== undefined) continue
    const { keyspace } = found.table
    // Of a keyspace whose servers could not be asked nothing is known.
    const isRead = [...(vschema.keyspaces.get(keyspace)?.tables.values() ?? [])].some(({ live }) => live)
    if (!isRead) continue
    const missing = { keyspace: qualifier ?? keyspace, table: name }
    return {
      root: { kind: 'Unsupported', construct: `table '${name}'`, unread: keyspace, missing },
      userVariables: [],
      locks: true,
    }
  }
  return plan
}
