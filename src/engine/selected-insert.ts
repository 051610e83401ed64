import { notSupported, SqlError } from '../errors/sql-error.ts'
import type { SelectedInsert } from '../plan/write-primitives.ts'
import type { Value } from '../values/value.ts'
import type { TextBinder } from './bind.ts'
import { runInsert } from './insert.ts'
import { type GeneratedCell, type InsertSource, rowText } from './insert-rows.ts'
import { InsertSplit } from './insert-split.ts'
import type { OkOutcome } from './outcome.ts'
import { StreamRows } from './outer-rows.ts'
import { type ReadRows, readFirst } from './read-first.ts'
import type { RunContext } from './run-context.ts'
import { throwAsStrict } from './strict-conditions.ts'
import { isWritable } from './writable.ts'
import { behind } from './write.ts'

/** Reads the rows, and inserts them where they belong. */
export async function runSelectedInsert(node: SelectedInsert, context: RunContext): Promise<OkOutcome> {
  const read = await readFirst(node, context)
  try {
    return await insertRows(read, node, context)
  } finally {
    context.memory.give(read.bytes)
  }
}

async function insertRows(read: ReadRows, node: SelectedInsert, context: RunContext): Promise<OkOutcome> {
  const { bindings, shards, port } = context
  const { insert } = node
  checkColumns(read, node)
  const told = await port.conditions()
  if (shards.insertMode.isStrict && !insert.ignore) throwAsStrict(told.conditions)
  const source = new SelectedRows(read)
  const split = new InsertSplit(insert, { bindings, shardsOf: shards.shardsOf, ...shards.insertMode }, source)
  const sum = await runInsert(split, context)
  // What it has brought is forgotten where a row may have been changed instead (Query_result_insert::send_data).
  const isForgotten = sum.bringsIds && insert.tail.length > 0
  const isTold = sum.info !== '' || node.isValues === true
  const info = isTold ? sum.info : infoOf(source.rowCount, sum, node)
  return behind(told, { ...sum, ...(isForgotten && { lastInsertId: 0 }), info })
}

/** Of one row VALUES says nothing, and SELECT does. */
function infoOf(rows: number, { affectedRows }: OkOutcome, { insert }: SelectedInsert): string {
  const affected = Number(affectedRows)
  const duplicates = insert.ignore ? rows - affected : Math.max(0, affected - rows)
  return `Records: ${rows}  Duplicates: ${duplicates}  Warnings: 0`
}

function checkColumns({ columns }: ReadRows, { insert, into, construct }: SelectedInsert): void {
  if (columns.length !== insert.columnCount)
    throw new SqlError('ER_WRONG_VALUE_COUNT_ON_ROW', "Column count doesn't match value count at row 1")
  for (const [i, column] of columns.entries())
    if (!isWritable(column, into[i]!))
      throw notSupported(`${construct}, where '${column.name}' has no exact literal,`)
}

/** Rows that have been read, as literals. */
class SelectedRows implements InsertSource {
  readonly rowCount: number
  readonly #rows: StreamRows
  readonly #width: number

  constructor({ rows, columns, format }: ReadRows) {
    this.rowCount = rows.length
    this.#rows = new StreamRows(rows, columns, format)
    this.#width = columns.length
  }

  isDefault(): boolean {
    return false
  }

  value(row: number, offset: number): Value {
    return this.#rows.cell(row, offset)
  }

  vindexValue(row: number, offset: number): Value {
    return this.#rows.cell(row, offset)
  }

  appendRow(text: TextBinder, row: number, generated: GeneratedCell | undefined): void {
    text.appendPiece(rowText(this.#width, (c) => this.#rows.literal(row, c), generated))
  }
}
