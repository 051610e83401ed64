import type { Cte, Statement, With } from '../sql/ast.ts'
import { type AnyNode, type Part, rewrite, someNode } from '../sql/visit.ts'
import { namesIn } from './unused-ctes.ts'

/**
 * For MariaDB, where a table of WITH RECURSIVE may name one behind it: the same statement, in which each stands behind those that it
 * names. Those that name each other in a circle stay as they are.
 */
export function withEarlierCtes<S extends Part>(part: S): S {
  return rewrite(part, (node) => {
    const clause = recursiveOf(node)
    if (clause === undefined) return undefined
    const tables = inOrder(clause.tables)
    if (tables === undefined || tables.every((cte, i) => cte === clause.tables[i])) return undefined
    const ordered = { ...node, with: { ...clause, tables } } as typeof node
    return rewrite(ordered, (inner) => (inner === ordered ? undefined : withEarlierCtes(inner)))
  })
}

/** Whether tables of a WITH RECURSIVE name each other in a circle of several. */
export function hasMutualCtes(statement: Statement): boolean {
  return someNode(statement, (node) => {
    const clause = recursiveOf(node)
    return clause !== undefined && inOrder(clause.tables) === undefined
  })
}

function recursiveOf(node: AnyNode): With | undefined {
  return 'with' in node && node.with?.recursive === true ? node.with : undefined
}

/** Undefined where there is no such order. */
function inOrder(tables: readonly Cte[]): readonly Cte[] | undefined {
  const left = tables.map((cte) => ({ cte, named: namesIn(cte.query) }))
  const ordered: Cte[] = []
  while (left.length > 0) {
    const next = left.findIndex((each) =>
      left.every((other) => other === each || !each.named.has(other.cte.name.toLowerCase())),
    )
    if (next < 0) return undefined
    ordered.push(...left.splice(next, 1).map(({ cte }) => cte))
  }
  return ordered
}
