import type { NewKeyColumn, VindexColumn } from '../plan/write-primitives.ts'
import type { Assignment, Expr, Insert } from '../sql/ast.ts'
import { rewrite, someNode } from '../sql/visit.ts'
import type { Column } from '../values/column.ts'
import { isIntegral } from '../values/value.ts'
import { sameColumn, type Table } from '../vschema/model.ts'
import { routedColumn } from './binding/column-type.ts'
import { insertedColumn } from './binding/inserted-columns.ts'
import { liveColumn } from './binding/live-column.ts'
import { isChanging, mayAskTables, setsLastInsertId } from './binding/traits.ts'
import { insertedName, isOwn, keptValue } from './operators/write.ts'
import type { ShardText } from './shard-text.ts'

/** The key that a row which is met gets, by which it is found again. */
export interface MetKey {
  /** What its columns are assigned, as it is computed of the row before. */
  readonly values: readonly Expr[]
  /** For each column of the key, among the columns that are kept of the row, and `values` behind them. */
  readonly columns: readonly NewKeyColumn[]
  /** What `values` take of the row to be inserted. */
  readonly inserted: readonly VindexColumn[]
}

/** The row keeps its own. */
export const NO_NEW_KEY: MetKey = { values: [], columns: [], inserted: [] }

/** Where it is in the statement's rows, and in the texts about those that are met. */
interface MetKeyPlace {
  readonly table: Table
  readonly key: readonly Column[]
  /** Of rows that are inserted. */
  readonly columns: readonly string[]
  readonly text: ShardText
  /** How many columns are kept of a row that is met. */
  readonly keptCount: number
  /** How many values of the row to be inserted the text has already. */
  readonly toldCount: number
}

/** ON DUPLICATE KEY UPDATE gives a row that is met another key. */
export function assignsKey(insert: Insert, key: readonly Column[]): boolean {
  return key.some((column) => assignmentsTo(column, insert).length > 0)
}

function assignmentsTo({ name }: Column, insert: Insert): readonly Assignment[] {
  return (insert.onDuplicate ?? []).filter(
    ({ column, value }) => sameColumn(column.name, name) && !isOwn(keptValue(value), column, insert),
  )
}

/**
 * Undefined where it is not known ahead: IGNORE may leave the row as it is, values may be others when they are computed again, and what
 * has been assigned before is not what the row has.
 */
export function metKey(insert: Insert, place: MetKeyPlace): MetKey | undefined {
  const { key, keptCount } = place
  if (insert.ignore) return undefined
  const values: Expr[] = []
  const inserted: VindexColumn[] = []
  const columns: NewKeyColumn[] = []
  for (const [i, column] of key.entries()) {
    const routed = routedColumn(column)
    const at = { name: column.name, ...(routed && { routed }) }
    const [assignment, another] = assignmentsTo(column, insert)
    if (another !== undefined) return undefined
    if (assignment === undefined) columns.push({ column: i, ...at })
    else {
      const value = valueAhead(assignment, inserted, insert, place)
      if (value === undefined) return undefined
      columns.push({ column: keptCount + values.length, ...at })
      values.push(value)
    }
  }
  return { values, columns, inserted }
}

/** The value with what it takes of the row to be inserted filled in, which `inserted` gets. */
function valueAhead(
  assignment: Assignment,
  inserted: VindexColumn[],
  insert: Insert,
  { table, columns, text, toldCount }: MetKeyPlace,
): Expr | undefined {
  const { value } = assignment
  const assignments = insert.onDuplicate ?? []
  const before = assignments.slice(0, assignments.indexOf(assignment))
  if (isChanging(value) || mayAskTables(value) || someNode(value, setsLastInsertId)) return undefined
  let isKnown = true
  const ahead = rewrite(value, (node) => {
    const name = insertedName(node, insert)
    if (name === undefined) {
      if (node.kind === 'Column' && before.some(({ column }) => sameColumn(column.name, node.name)))
        isKnown = false
      return undefined
    }
    const column = insertedColumn(name, liveColumn(table, name), columns)
    // A literal that stands for a date or a text alone is another thing to an operator.
    const isNumber = column?.routed !== undefined && isIntegral(column.routed.type)
    if (column === undefined || (node !== value && !isNumber)) {
      isKnown = false
      return undefined
    }
    return text.hole({ cell: toldCount + inserted.push(column) - 1 })
  })
  return isKnown ? ahead : undefined
}
