import { groupBy } from '../../base/group-by.ts'
import type { Plan } from '../../plan/plan.ts'
import type { RunDdl } from '../../plan/write-primitives.ts'
import type { Ddl, TableName } from '../../sql/ast.ts'
import { tablesOfDdl } from '../binding/named-tables.ts'
import { isOfMariaDb, type PlanContext } from '../plan-context.ts'

/**
 * DROP TABLE and DROP VIEW of what several keyspaces have (a sharded one and `default_unsharded_keyspace`): one statement for each,
 * in turn. MySQL drops none where one is missing: keyspaces that miss some come first. `planOne`: for the names of one keyspace.
 * Undefined where one keyspace has all.
 */
export function planDropInTurn(
  statement: Ddl,
  context: PlanContext,
  planOne: (statement: Ddl, context: PlanContext) => Plan,
): Plan | undefined {
  const { verb, object, temporary } = statement
  if (verb !== 'drop' || temporary || (object !== 'table' && object !== 'view')) return undefined
  const tables = tablesOfDdl(statement, context)
  const groups = [...groupBy([...tables], ([, { keyspace }]) => keyspace).values()]
  if (groups.length < 2) return undefined
  const missesSome = (group: (typeof groups)[number]) => group.some(([, table]) => isMissing(table, context))
  const inOrder =
    isOfMariaDb(context) || statement.ifExists
      ? groups
      : [...groups.filter(missesSome), ...groups.filter((group) => !missesSome(group))]
  const plans = inOrder.map((group) =>
    planOne(
      ofNames(
        statement,
        group.map(([name]) => name),
      ),
      { ...context, isChanged: true },
    ),
  )
  const refused = plans.find(({ root }) => root.kind !== 'Ddl')
  if (refused !== undefined) return refused
  const root = plans.reduceRight<RunDdl | undefined>(
    (then, plan) => ({ ...(plan.root as RunDdl), ...(then && { then }) }),
    undefined,
  )
  return { ...plans[0]!, root: root! }
}

function isMissing(
  { keyspace, name }: { readonly keyspace: string; readonly name: string },
  { vschema }: PlanContext,
): boolean {
  const found = vschema.keyspaces.get(keyspace)
  return found?.tables.get(name)?.live === undefined && found?.strays?.has(name) !== true
}

/** The statement with these of its names alone. */
function ofNames(statement: Ddl, names: readonly TableName[]): Ddl {
  const { pieces } = statement
  const [first, last] = [statement.names[0]!, statement.names.at(-1)!].map((name) => pieces.indexOf(name))
  const list = names.flatMap((name, i) => (i === 0 ? [name] : [', ', name]))
  return { ...statement, names, pieces: [...pieces.slice(0, first), ...list, ...pieces.slice(last! + 1)] }
}
