import type { Plan } from '../plan/plan.ts'
import { answersRows } from '../plan/primitives.ts'
import { buildPlan } from '../planner/build-plan.ts'
import type { Statement } from '../sql/ast.ts'
import type { Scan } from '../sql/scan.ts'
import type { TabletTypeName } from '../vschema/model.ts'
import { orderingParams } from './ordering-params.ts'
import type { Session } from './session.ts'

/** The plan of a normalised statement, as the session's target reads it. */
export function planStatement(
  session: Session,
  statement: Statement,
  source: { readonly sql: string; readonly scan: Scan },
): Plan {
  const { target, sqlMode } = session.state
  const { gateway, vschema } = session.proxy
  const plan = buildPlan(statement, {
    vschema,
    sqlMode,
    source,
    ...(target.keyspace === '' ? {} : { defaultKeyspace: target.keyspace }),
    tabletType: target.tabletType.toLowerCase() as TabletTypeName,
    ...(target.shard === undefined ? {} : { shard: target.shard }),
    databaseName(keyspace) {
      const databases = new Set(
        gateway.keyspaces.get(keyspace)?.shards.map((shard) => shard.primary?.database ?? keyspace),
      )
      return databases.size === 1 ? [...databases][0] : undefined
    },
  })
  const isByPosition = session.proxy.isMariadb && source.scan.params > 0 && orderingParams(statement).size > 0
  return isByPosition ? onOneShard(plan) : plan
}

/** The plan, good for one shard only: what a value orders by is known when it is executed. */
function onOneShard(plan: Plan): Plan {
  if (!answersRows(plan.root)) return plan
  const construct = 'ORDER BY or GROUP BY of a ? over several shards'
  return { ...plan, root: { kind: 'Unsupported', construct } }
}
