import type { Plan } from '../../plan/plan.ts'
import { buildPlan, type PlanContext, type Planner, tracePlan } from '../../planner/build-plan.ts'
import type { Statement } from '../../sql/ast.ts'
import type { SqlMode } from '../../sql/sql-mode.ts'
import type { TabletTypeName } from '../../vschema/model.ts'
import type { ProxyContext } from '../proxy-context.ts'
import { onlyKeyspace, type Target } from '../settings/target.ts'
import { orderingParams } from './ordering-params.ts'

/** What plans are made by. */
export type Known = Pick<ProxyContext, 'gateway' | 'vschema' | 'isMariadb' | 'serverVersionNumber'>

/** Whom the statement is for, and how its text is read. */
interface ReadAs {
  readonly target: Target
  readonly sqlMode: SqlMode
  readonly planner?: Planner | undefined
  /** `false`: the session has foreign_key_checks off. */
  readonly foreignKeyChecks?: boolean | undefined
}

/** The plan of a normalised statement, as the session's target reads it. */
export function planStatement(
  proxy: Known,
  readAs: ReadAs,
  statement: Statement,
  source: NonNullable<PlanContext['source']>,
): Plan {
  const context = planContextOf(proxy, readAs, source)
  const ordersByValue = proxy.isMariadb && source.scan.params > 0 && orderingParams(statement).size > 0
  return buildPlan(statement, ordersByValue ? { ...context, ordersByValue } : context)
}

/** How the plan of a normalised statement is found: a line a step. */
export function traceStatement(
  proxy: Known,
  readAs: ReadAs,
  statement: Statement,
  source: NonNullable<PlanContext['source']>,
): readonly string[] {
  return tracePlan(statement, planContextOf(proxy, readAs, source)).trace
}

function planContextOf(
  { gateway, vschema, serverVersionNumber }: Known,
  { target, sqlMode, planner, foreignKeyChecks }: ReadAs,
  source: NonNullable<PlanContext['source']>,
): PlanContext {
  const defaultKeyspace = target.keyspace === '' ? onlyKeyspace(gateway) : target.keyspace
  return {
    vschema,
    sqlMode,
    serverVersion: serverVersionNumber,
    source,
    ...(planner && { planner }),
    ...(foreignKeyChecks === false && { foreignKeyChecks }),
    ...(defaultKeyspace === undefined ? {} : { defaultKeyspace }),
    tabletType: target.tabletType.toLowerCase() as TabletTypeName,
    ...(target.shard === undefined ? {} : { shard: target.shard }),
    databaseName(keyspace) {
      const shards = gateway.keyspaces.get(keyspace)?.shards ?? []
      const databases = new Set(shards.map(({ database }) => database))
      return databases.size === 1 ? [...databases][0] : undefined
    },
  }
}
