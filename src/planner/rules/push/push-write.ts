import { someNode } from '../../../sql/visit.ts'
import type { BoundWrite } from '../../binding/bound.ts'
import { setsLastInsertId } from '../../binding/traits.ts'
import type { Operator } from '../../operators/operator.ts'
import type { WriteOp } from '../../operators/write.ts'
import { type Refusal, refused } from '../../refusal.ts'
import { type RuleResult, rewrote, unchanged } from '../rule.ts'

/** Write(Route(x)) -> Route(Write(x)): each shard changes its own rows, and needs no others to decide. */
export function pushWrite(op: WriteOp<Operator>): RuleResult {
  const { bound, input } = op
  if (bound.kind === 'InsertSelect')
    return refused(`${bound.ast.verb} … SELECT that moves rows between shards`)
  const problem = onlyOnOneShard(bound)
  if (problem !== undefined) return problem
  if (input.kind !== 'Route') return unchanged('its rows are those of no route')
  return rewrote({ ...input, input: { ...op, input: input.input } }, 'each shard changes its own rows')
}

/** Which rows come first DELETE does not say; what they tell is of each alone. */
function isAnsweredByEach(ast: BoundWrite['ast']): boolean {
  if (ast.kind !== 'Delete' || ast.orderBy !== undefined) return false
  return !someNode(ast.returning, (node) => node.kind === 'Subquery')
}

/** What makes a change right only while one shard makes it. */
function onlyOnOneShard({ ast }: BoundWrite): Refusal | undefined {
  const verb = ast.kind.toUpperCase()
  if (ast.limit !== undefined) return refused(`${verb} with LIMIT`)
  if (ast.returning !== undefined && !isAnsweredByEach(ast)) return refused(`${verb} with RETURNING`)
  if (someNode(ast, (node) => node.kind === 'Assign')) return refused('assignment of a user variable')
  if (ast.kind === 'Delete' && someNode(ast, setsLastInsertId)) return refused('LAST_INSERT_ID(expr)')
  return undefined
}
