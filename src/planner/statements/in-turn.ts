import { groupBy } from '../../base/group-by.ts'
import type { Plan } from '../../plan/plan.ts'
import type { RunDdl } from '../../plan/write-primitives.ts'
import type { Ddl, TableName } from '../../sql/ast.ts'
import { quoteName } from '../../values/sql-literal.ts'
import { type NamedTable, tablesOfDdl } from '../binding/named-tables.ts'
import { isOfMariaDb, type PlanContext } from '../plan-context.ts'

type PlanOne = (statement: Ddl, context: PlanContext) => Plan

/**
 * DROP TABLE, DROP VIEW and RENAME TABLE of what several keyspaces have (a sharded one and `default_unsharded_keyspace`): one
 * statement for each, in turn. MySQL drops and renames none where one is missing: keyspaces that miss some come first, and names
 * that have been changed are changed back. `planOne`: for the names of one keyspace. Undefined where one keyspace has all.
 */
export function planInTurn(statement: Ddl, context: PlanContext, planOne: PlanOne): Plan | undefined {
  const { verb, object, temporary } = statement
  if (temporary || (object !== 'table' && object !== 'view')) return undefined
  if (verb !== 'drop' && verb !== 'rename') return undefined
  const tables = [...tablesOfDdl(statement, context)].map(([name, table]): Named => ({ name, table }))
  const groups = [...groupBy(tables, ({ table }) => table.keyspace).values()]
  if (groups.length < 2) return undefined
  const isRename = verb === 'rename'
  if (isRename && (movesSome(tables) || hasWait(statement))) return undefined
  const before = (group: readonly Named[]) => (isRename ? group.filter((_, i) => i % 2 === 0) : group)
  const missesSome = (group: readonly Named[]) => before(group).some(({ table }) => isMissing(table, context))
  const inOrder =
    isOfMariaDb(context) || statement.ifExists
      ? groups
      : [...groups.filter(missesSome), ...groups.filter((group) => !missesSome(group))]
  const plans = inOrder.map((group) => planOne(ofNames(statement, group), { ...context, isChanged: true }))
  const refused = plans.find(({ root }) => root.kind !== 'Ddl')
  if (refused !== undefined) return refused
  const root = plans.reduceRight<RunDdl | undefined>(
    (then, plan, i) => ({
      ...(plan.root as RunDdl),
      ...(isRename && { undoneBy: renamedBack(inOrder[i]!) }),
      ...(then && { then }),
    }),
    undefined,
  )
  return { ...plans[0]!, root: root! }
}

interface Named {
  readonly name: TableName
  readonly table: NamedTable
}

/** From one keyspace to another. */
function movesSome(tables: readonly Named[]): boolean {
  return tables.some(({ table }, i) => i % 2 === 1 && table.keyspace !== tables[i - 1]!.table.keyspace)
}

/** MariaDB's RENAME TABLE a WAIT n TO b. */
function hasWait({ pieces }: Ddl): boolean {
  return pieces.some((piece) => typeof piece === 'string' && /wait/i.test(piece))
}

/** In the keyspace's own database, the last name first. */
function renamedBack(group: readonly Named[]): string {
  const names = group.map(({ table }) => quoteName(table.name))
  const pairs = names.flatMap((from, i) => (i % 2 === 0 ? [`${names[i + 1]} TO ${from}`] : []))
  return `RENAME TABLE ${pairs.reverse().join(', ')}`
}

function isMissing({ keyspace, name }: NamedTable, { vschema }: PlanContext): boolean {
  const found = vschema.keyspaces.get(keyspace)
  return found?.tables.get(name)?.live === undefined && found?.strays?.has(name) !== true
}

/** The statement with these of its names alone. */
function ofNames(statement: Ddl, group: readonly Named[]): Ddl {
  const { pieces, verb } = statement
  const names = group.map(({ name }) => name)
  const [first, last] = [statement.names[0]!, statement.names.at(-1)!].map((name) => pieces.indexOf(name))
  const behind = (i: number) => (verb === 'rename' && i % 2 === 1 ? ' TO ' : ', ')
  const list = names.flatMap((name, i) => (i === 0 ? [name] : [behind(i), name]))
  return { ...statement, names, pieces: [...pieces.slice(0, first), ...list, ...pieces.slice(last! + 1)] }
}
