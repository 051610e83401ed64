import type { FunctionCall, Statement } from '../../sql/ast.ts'
import { type AnyNode, someNode, visit } from '../../sql/visit.ts'

/** Source: MySQL 9.7 manual, "Locking Functions". */
const TAKING: ReadonlySet<string> = new Set(['get_lock', 'release_lock', 'release_all_locks'])
const ASKING: ReadonlySet<string> = new Set(['is_free_lock', 'is_used_lock'])

export function isLockFunction(node: AnyNode): boolean {
  return (
    node.kind === 'Function' &&
    node.qualifier === undefined &&
    (TAKING.has(node.name) || ASKING.has(node.name))
  )
}

/** Calls of lock functions, in the order of the text. */
export function lockCalls(statement: Statement): readonly FunctionCall[] {
  const calls: FunctionCall[] = []
  visit(statement, (node) => {
    if (node.kind === 'Function' && isLockFunction(node)) calls.push(node)
    return undefined
  })
  return calls
}

/**
 * Whether what the statement's locks come to can be asked for before it runs: their names depend on no row, and each that is taken
 * or released is so exactly once on one server as well, in a row of VALUES or in a select list without FROM.
 */
export function asksLocksOnce(statement: Statement): boolean {
  const calls = lockCalls(statement)
  if (calls.some(({ args }) => someNode(args, (node) => OF_ROWS.has(node.kind) || isLockFunction(node))))
    return false
  const taking = calls.filter(({ name }) => TAKING.has(name)).length
  return taking === 0 || takenOnce(statement) === taking
}

const OF_ROWS: ReadonlySet<AnyNode['kind']> = new Set(['Column', 'Subquery', 'Aggregate', 'Assign'])

/** How many calls that take or release a lock stand where each is come to once. */
function takenOnce(statement: Statement): number {
  switch (statement.kind) {
    case 'Insert':
      return statement.source.kind === 'InsertValues' || statement.source.kind === 'InsertSet'
        ? certainIn(statement.source)
        : 0
    case 'Select':
      return statement.from.every(({ kind }) => kind === 'Dual') && statement.where === undefined
        ? certainIn(statement.items)
        : 0
    case 'Do':
      return certainIn(statement.items)
    default:
      return 0
  }
}

/** Functions that may leave out all arguments but the first. */
const CONDITIONAL: ReadonlySet<string> = new Set(['if', 'ifnull', 'coalesce', 'nullif', 'elt', 'interval'])

function certainIn(part: AnyNode | readonly AnyNode[]): number {
  let count = 0
  visit(part, (node) => {
    if (node.kind === 'Function' && isLockFunction(node)) {
      if (TAKING.has(node.name)) count++
      return 'skip'
    }
    switch (node.kind) {
      case 'And':
      case 'Or':
        count += certainIn(node.operands[0]!)
        return 'skip'
      case 'Function':
        if (!CONDITIONAL.has(node.name)) return undefined
        count += node.args[0] === undefined ? 0 : certainIn(node.args[0])
        return 'skip'
      case 'Case':
      case 'Subquery':
      case 'Exists':
        return 'skip'
      default:
        return undefined
    }
  })
  return count
}
