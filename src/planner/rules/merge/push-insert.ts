import type { BoundInsertSelect, BoundQuery, BoundSelect } from '../../binding/bound.ts'
import { columnOf, sameKind } from '../../binding/column-type.ts'
import { refOf } from '../../binding/facts-of.ts'
import { insertedInto } from '../../binding/inserted-columns.ts'
import { equalColumnsHaveOneId } from '../../binding/same-id.ts'
import { columnKey, schemaColumn } from '../../binding/source.ts'
import { type Operator, overRoute, withoutRoutes } from '../../operators/operator.ts'
import type { RouteOp } from '../../operators/route.ts'
import type { WriteOp } from '../../operators/write.ts'
import { type RuleResult, rewrote, unchanged } from '../rule.ts'
import { siteOf } from './site.ts'

/**
 * Write(… Route(x)) -> Route(Write(… x)) for INSERT … SELECT when each shard inserts the rows that it selects itself: the
 * selected vindex columns go straight into those of the table, so that a row stays on its shard.
 */
export function pushInsert(op: WriteOp<Operator>): RuleResult {
  const { bound } = op
  if (bound.kind !== 'InsertSelect') return unchanged('it inserts nothing')
  const rows = overRoute(op.input)
  if (rows === undefined) return unchanged('its rows are not those of one route')
  const block = blockOf(bound.query)
  if (!bound.query.isTransparent || block === undefined)
    return unchanged('shards see a part of its rows each')
  if (!staysOnShard(bound, block, rows.route)) return unchanged('a row may belong on another shard')
  return rewrote(
    { ...rows.route, input: withoutRoutes(op) },
    'its vindex columns say where a row is and where it goes',
  )
}

function blockOf(query: BoundQuery): BoundSelect | undefined {
  if (query.kind === 'Nested') return blockOf(query.query)
  return query.kind === 'Select' ? query : undefined
}

function staysOnShard(bound: BoundInsertSelect, block: BoundSelect, route: RouteOp<Operator>): boolean {
  const { ast, table } = bound
  const [primary] = table.columnVindexes
  if (primary === undefined || table.pinned !== undefined) return false
  const facts = route.level.facts({ byColumnsOnly: true })
  const sites = route.tables.flatMap((each) => siteOf(each) ?? [])
  return primary.columns.every((column, i) => {
    const expr = insertedInto(ast, block.ast, table, column)
    const ref = expr === undefined ? undefined : refOf(expr, block.scope)
    if (ref === undefined || ref.instance.nullExtended) return false
    const source = schemaColumn(ref)
    const target = columnOf(table, column)
    const isPassed = sites.some(
      ({ vindex, columns }) => vindex === primary.vindex && facts.areEqual(columns[i].key, columnKey(ref)),
    )
    return isPassed && sameKind(source, target) && equalColumnsHaveOneId(source, target, primary.vindex, i)
  })
}
