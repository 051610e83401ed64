import type { Assignment, Update } from '../sql/ast.ts'
import { someNode, visit } from '../sql/visit.ts'
import { sameColumn } from '../vschema/model.ts'
import { keyspaceOf } from './binding/find-table.ts'
import { isOfMariaDb, type PlanContext } from './plan-context.ts'

/**
 * MariaDB makes an UPDATE of several tables of one whose table is named in a subquery: each value is computed of the row as it was, where
 * otherwise it sees what has been assigned before. Here those that would see it come first, so that it is the same however the
 * statement is run. Undefined where there is no such order.
 * Source: MariaDB `mysql_update`, which asks `unique_table`; tables in FROM of a subquery that is itself in FROM do not count.
 */
export function withValuesOfBefore(ast: Update, context: PlanContext): Update | undefined {
  if (!isOfMariaDb(context) || ast.set.length < 2 || !namesItself(ast, context)) return ast
  const waiting = [...ast.set]
  const set: Assignment[] = []
  while (waiting.length > 0) {
    const at = waiting.findIndex((each) => !waiting.some((other) => other !== each && reads(other, each)))
    if (at < 0) return undefined
    set.push(...waiting.splice(at, 1))
  }
  return { ...ast, set }
}

function reads({ value }: Assignment, { column }: Assignment): boolean {
  return someNode(value, (node) => node.kind === 'Column' && sameColumn(node.name, column.name))
}

function namesItself({ tables, set, where }: Update, context: PlanContext): boolean {
  const [own, other] = tables
  if (own?.kind !== 'Table' || other !== undefined) return false
  let names = false
  const enter = (node: Parameters<Parameters<typeof visit>[1]>[0]) => {
    if (node.kind === 'Derived') return 'skip'
    if (node.kind !== 'TableName' || node.name !== own.name.name) return undefined
    names = keyspaceOf(node, context) === keyspaceOf(own.name, context)
    return names ? 'stop' : undefined
  }
  visit(where, enter)
  if (!names)
    visit(
      set.map(({ value }) => value),
      enter,
    )
  return names
}
