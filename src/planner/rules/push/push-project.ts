import type { Select } from '../../../sql/ast.ts'
import { visit } from '../../../sql/visit.ts'
import { inputsOf, type Operator, overRoute } from '../../operators/operator.ts'
import type { ProjectOp } from '../../operators/project.ts'
import { refused } from '../../refusal.ts'
import { type RuleResult, rewrote, unchanged } from '../rule.ts'

/** Project(Route(x)) -> Route(Project(x)): shards answer what the client asked for, each for its own rows. */
export function pushProject(op: ProjectOp<Operator>): RuleResult {
  const { input, block } = op
  if (overRoute(input) === undefined) return unchanged('its rows are not those of one route')
  const construct = constructOnce(block.ast)
  if (someOuterAggregate(input))
    return refused('an aggregate of the outer query in a subquery over several shards')
  if (construct !== undefined) return refused(`${construct} over several shards`)
  if (input.kind !== 'Route') return unchanged('something is done above the shards')
  if (input.list !== undefined && input.list.hidden.length > 0)
    return unchanged('shards show columns for the merge alone')
  return rewrote({ ...input, input: { ...op, input: input.input } }, 'nothing is above the shards')
}

function someOuterAggregate(op: Operator): boolean {
  if (op.kind === 'Project' && op.block.hasOuterAggregate) return true
  return inputsOf(op).some(someOuterAggregate)
}

/** User-level locks and the like: they do something once, not once a shard. */
const onceOnly: ReadonlySet<string> = new Set([
  'get_lock',
  'release_lock',
  'release_all_locks',
  'is_free_lock',
  'is_used_lock',
  'sleep',
  'benchmark',
  'nextval',
  'setval',
  'lastval',
])

/** What in a SELECT is about all rows at once, or happens once a statement. */
function constructOnce(select: Select): string | undefined {
  if (select.modifiers.includes('SQL_CALC_FOUND_ROWS')) return 'SQL_CALC_FOUND_ROWS'
  if (select.into !== undefined) return 'SELECT … INTO'
  if (select.procedure !== undefined) return 'PROCEDURE'
  if (select.limit?.ties) return 'FETCH … WITH TIES'
  if (select.rowsExamined !== undefined) return 'LIMIT ROWS EXAMINED'
  if (select.qualify !== undefined) return 'QUALIFY'
  return callOnce(select)
}

/** Assigning a variable goes before all others. */
function callOnce(select: Select): string | undefined {
  let found: string | undefined
  const isWithoutAssignment = visit(select, (node) => {
    if (node.kind === 'Assign') return 'stop'
    if (node.kind === 'Function' && onceOnly.has(node.name)) found ??= `${node.name.toUpperCase()}()`
    return undefined
  })
  return isWithoutAssignment ? found : 'assignment of a user variable'
}
