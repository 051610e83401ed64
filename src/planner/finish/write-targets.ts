import type { Routing } from '../../plan/routing.ts'
import type { Delete, Update } from '../../sql/ast.ts'
import { sameColumn, type Table } from '../../vschema/model.ts'
import { type BoundTable, type BoundWrite, inOrderOfText } from '../binding/bound.ts'
import { routedColumns } from '../binding/column-type.ts'
import { hasShardsOfItsOwn } from '../binding/find-table.ts'
import { unplanned } from '../binding/unplanned.ts'
import { refusalOfForeignKeys } from '../foreign-keys.ts'
import { ofFrom } from '../operators/build-from.ts'
import { inputsOf, type Operator } from '../operators/operator.ts'
import {
  changesVindex,
  mayChange,
  refusalOfAssignments,
  refusalOfLookups,
  verifiedVindexes,
} from '../operators/write.ts'
import type { PlanContext } from '../plan-context.ts'
import { eachOrRefusal, type Refusal, refused } from '../refusal.ts'
import { planValue } from '../values.ts'

/**
 * Where rows belong whose vindex column gets a new value: `SET id = 5 WHERE id = 5`, or a value that happens to belong
 * on the same shard, moves no row. Refused where that cannot be told, and where more changes than rows of one shard.
 */
export function targetsOfMoves(
  bound: BoundWrite,
  hasCopies: boolean,
  context: PlanContext,
): readonly Routing[] | Refusal {
  const { ast } = bound
  const tables = tablesOfFrom(bound)
  const isPlain = ast.kind === 'Update' && isPlainUpdate(ast, tables)
  const problem = problemOf(ast, tables, isPlain) ?? problemOfKeys(ast, tables, context)
  if (problem !== undefined) return problem
  if (hasCopies && changesCopies(bound))
    return refused(`${ast.kind.toUpperCase()} of a reference table together with a sharded one`)
  return isPlain ? movesOf(ast, tables[0]) : []
}

/** Tables of FROM with shards of their own, those of queries in it as well. */
function tablesOfFrom({ from, level }: BoundWrite): readonly BoundTable[] {
  const found: BoundTable[] = []
  const collect = (op: Operator): void => {
    if (op.kind === 'Table' && op.bound.kind === 'Table') {
      if (hasShardsOfItsOwn(op.bound.instance.table)) found.push(op.bound)
    } else inputsOf(op).forEach(collect)
  }
  collect(ofFrom(from, level))
  return found.sort(inOrderOfText)
}

/** UPDATE of one table with shards of its own. */
function isPlainUpdate({ tables }: Update, own: readonly BoundTable[]): boolean {
  return tables.length === 1 && tables[0].kind === 'Table' && own.length === 1
}

function problemOf(ast: Update | Delete, own: readonly BoundTable[], isPlain: boolean): Refusal | undefined {
  const tables = own.map(({ instance }) => instance.table)
  if (ast.kind === 'Update') for (const table of tables) keepVerified(ast, table)
  const lookups = tables.map((table) => refusalOfLookups(ast, table)).find((refusal) => refusal !== undefined)
  if (lookups !== undefined || ast.kind === 'Delete' || isPlain) return lookups
  return refusalOfAssignments(ast, tables)
}

/** Rows that have been read first would be written as little. */
function keepVerified(ast: Update, table: Table): void {
  const changed = verifiedVindexes(table).find(({ column }) => mayChange(ast, column, table))
  if (changed !== undefined)
    unplanned(
      `changing column '${changed.column}' of table '${table.name}', by which vindex '${changed.name}' finds its rows: delete and insert them`,
    )
}

/** Of tables that the statement names, be it one that it only looks at: then rows are read first for nothing. */
function problemOfKeys(
  ast: Update | Delete,
  own: readonly BoundTable[],
  context: PlanContext,
): Refusal | undefined {
  return own
    .map(({ instance }) => refusalOfForeignKeys(ast, instance.table, context))
    .find((refusal) => refusal !== undefined)
}

function movesOf(ast: Update, { instance: { table } }: BoundTable): readonly Routing[] | Refusal {
  const moving = ast.set.filter((assignment) => changesVindex(assignment, ast, [table]))
  return eachOrRefusal(moving, ({ column, value }): Routing | Refusal => {
    const [primary] = table.columnVindexes
    const known = planValue(value)
    const isOnlyColumn = primary.columns.length === 1 && sameColumn(primary.columns[0], column.name)
    // A param may turn out to be NULL, which has no place.
    if (!isOnlyColumn || known?.kind !== 'Slot') return refused(`changing vindex column '${column.name}'`)
    const columns = routedColumns(table, primary)
    return {
      kind: 'Equal',
      keyspace: table.keyspace,
      vindex: primary.vindex,
      values: [known],
      written: true,
      ...(columns && { columns }),
    }
  })
}

/** May change rows of a table that has copies on all shards. */
function changesCopies({ ast, scope: { sources } }: BoundWrite): boolean {
  const [first] = sources
  const isOnlyOne = sources.length === 1 || (ast.kind === 'Delete' && ast.form === 'single')
  if (isOnlyOne)
    return first?.instance?.table.type === 'reference' && !hasShardsOfItsOwn(first.instance.table)
  const sharded = sources.filter(
    ({ instance }) => instance !== undefined && hasShardsOfItsOwn(instance.table),
  )
  const isSharded = (name: string | undefined) => sharded.some((source) => source.name === name)
  if (ast.kind === 'Delete') return !ast.targets.every(({ name }) => isSharded(name.name))
  return !ast.set.every(({ column: { qualifiers, name } }) => {
    if (qualifiers.length > 0) return isSharded(qualifiers[qualifiers.length - 1])
    return sharded.some((source) => source.columnNamed(name).kind === 'Column')
  })
}
