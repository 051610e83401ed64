import type { Plan } from '../plan/plan.ts'
import type { Query, Select, Statement } from '../sql/ast.ts'
import { someNode } from '../sql/visit.ts'
import { planValue } from './values.ts'

/**
 * What FOUND_ROWS() is behind a query on one shard, where it is not the number of its rows: those that OFFSET leaves out
 * count, too, SQL_CALC_FOUND_ROWS counts all, INTO answers none, and of unions MariaDB counts in a way of its own.
 */
export function foundRowsOf(statement: Statement): Pick<Plan, 'foundRows'> {
  const foundRows = kindOf(statement)
  return foundRows === undefined ? {} : { foundRows }
}

function kindOf(statement: Statement): Plan['foundRows'] {
  switch (statement.kind) {
    case 'Select':
      return ofSelect(statement)
    case 'SetOperation':
    case 'NestedQuery':
      return isCut(statement) ? { kind: 'Asked' } : undefined
    default:
      return undefined
  }
}

function ofSelect({ modifiers, limit, into }: Select): Plan['foundRows'] {
  if (modifiers.includes('SQL_CALC_FOUND_ROWS') || into !== undefined) return { kind: 'Asked' }
  if (limit?.offset === undefined) return undefined
  const offset = planValue(limit.offset)
  return offset === undefined ? { kind: 'Asked' } : { kind: 'Offset', offset }
}

/** Some LIMIT or SQL_CALC_FOUND_ROWS stands in it. */
function isCut(query: Query): boolean {
  return someNode(
    query,
    (node) =>
      node.kind === 'Limit' || (node.kind === 'Select' && node.modifiers.includes('SQL_CALC_FOUND_ROWS')),
  )
}
