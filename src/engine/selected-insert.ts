import { notSupported, SqlError } from '../errors/sql-error.ts'
import { isUnable } from '../errors/unable.ts'
import type { RowsPrimitive } from '../plan/primitives.ts'
import type { SelectedInsert } from '../plan/write-primitives.ts'
import type { Value } from '../values/value.ts'
import type { TextBinder } from './bind.ts'
import { HeldStream } from './held-stream.ts'
import { runInsert, uncountedOf } from './insert.ts'
import { batchesOf, InsertSum } from './insert-batches.ts'
import { type GeneratedCell, type InsertSource, rowText } from './insert-rows.ts'
import { InsertSplit } from './insert-split.ts'
import type { OkOutcome, Outcome } from './outcome.ts'
import { beneath, StreamRows } from './outer-rows.ts'
import { readFirst } from './read-first.ts'
import { answering, insertReturning, type ReturnedRows } from './returning.ts'
import type { Row, RowStream } from './row-stream.ts'
import { runPrimitive } from './run.ts'
import type { RunContext } from './run-context.ts'
import type { ToldConditions } from './shard-port.ts'
import { throwAsStrict } from './strict-conditions.ts'
import { withToldCells } from './told-cells.ts'
import { isWritable } from './writable.ts'
import { behind } from './write.ts'

/**
 * Inserts the rows of a query where they belong. They come in batches: the shards keep the rest, all of which has been read and locked
 * before any is written.
 */
export async function runSelectedInsert(node: SelectedInsert, context: RunContext): Promise<Outcome> {
  const { overCopies } = node
  if (!comesFirst(node.rows)) {
    const areCopies = node.rows.kind === 'Federate' && overCopies === undefined
    return areCopies ? insertKept(node, context) : insertHeld(node, context)
  }
  if (overCopies === undefined) return insertKept(node, context)
  try {
    return await context.port.attempt(() => insertKept(node, context))
  } catch (error) {
    if (!isUnable(error)) throw error
    return insertHeld({ ...node, rows: overCopies }, context)
  }
}

async function insertKept(node: SelectedInsert, context: RunContext): Promise<Outcome> {
  const stream = await runPrimitive(node.rows, { ...context, asText: true, kept: true, locksInOrder: true })
  try {
    return await insertRows(stream, node, context)
  } finally {
    await stream.close()
  }
}

/** All rows are held first. */
async function insertHeld(node: SelectedInsert, context: RunContext): Promise<Outcome> {
  const { columns, format, rows, bytes } = await readFirst(node, context)
  try {
    return await insertRows(new HeldStream(columns, format, rows), node, context)
  } finally {
    context.memory.give(bytes)
  }
}

/** All shards have answered when the stream is open: none is asked for more rows when some have been written. */
function comesFirst(node: RowsPrimitive): boolean {
  switch (node.kind) {
    case 'Route':
      return true
    case 'Limit':
    case 'Truncate':
    case 'Filter':
    case 'Aggregate':
    case 'Distinct':
    case 'Sort':
      return comesFirst(node.input)
    case 'Concatenate': // opens what is kept at once
      return node.inputs.every(comesFirst)
    default:
      return false
  }
}

/** What is inserted of rows that are there, and where. */
type InsertedStream = Pick<SelectedInsert, 'construct' | 'into' | 'insert' | 'oneByOne' | 'isValues'>

/** Inserts the rows of a stream, which the caller closes. */
export async function insertRows(
  stream: RowStream,
  node: InsertedStream,
  context: RunContext,
): Promise<Outcome> {
  const { bindings, shards } = context
  const { insert } = node
  checkColumns(stream, node)
  // What shards keep has been told of. Rows over copies tell when they have ended.
  if (stream.format === 'binary') await checkConditions(node, context)
  const sum = new InsertSum()
  let rowsBefore = 0
  let returned: ReturnedRows | undefined
  for await (const rows of batchesOf(stream, node.oneByOne === true ? 1 : undefined)) {
    const source = new SelectedRows(rows, stream, insert.columnCount, rowsBefore)
    const own = node.oneByOne === true ? beneath(bindings, source.outer) : bindings
    const mode = { bindings: own, shardsOf: shards.shardsOf, ...shards.insertMode, inRounds: true }
    const split = new InsertSplit(
      insert,
      mode,
      await withToldCells(insert, source, { ...context, bindings: own }),
    )
    if (insert.returning !== undefined) {
      const own = await insertReturning(split, context)
      returned = { ...own, rows: [...(returned?.rows ?? []), ...own.rows] }
      rowsBefore += rows.length
      continue
    }
    const outcome = await runInsert(split, context)
    const isTold = outcome.info !== '' || node.isValues === true
    sum.add(isTold ? outcome : { ...outcome, info: infoOf(rows.length, outcome, node) })
    rowsBefore += rows.length
  }
  const told = await checkConditions(node, context)
  if (returned !== undefined) return answering(returned)
  const { outcome } = sum
  // What it has brought is forgotten where a row may have been changed instead (Query_result_insert::send_data).
  const isForgotten = outcome.bringsIds && insert.tail.length > 0
  const info = rowsBefore === 0 ? infoOf(0, outcome, node) : outcome.info
  return { kind: 'Ok', ...behind(told, { ...outcome, ...(isForgotten && { lastInsertId: 0 }), info }) }
}

/** What the query warns of. Throws it where it is an error of a statement that writes. */
async function checkConditions(
  { insert }: InsertedStream,
  { shards, port }: RunContext,
): Promise<ToldConditions> {
  const told = await port.conditions()
  if (shards.insertMode.isStrict && !insert.ignore) throwAsStrict(told.conditions)
  return told
}

/** Of one row VALUES says nothing, and SELECT does. */
function infoOf(rows: number, { affectedRows, conditions }: OkOutcome, { insert }: InsertedStream): string {
  const affected = Number(affectedRows)
  const records = rows - Math.min(rows, uncountedOf(conditions, insert))
  const duplicates = Math.max(0, insert.ignore ? records - affected : affected - records)
  return `Records: ${records}  Duplicates: ${duplicates}  Warnings: 0`
}

function checkColumns(
  { columns, format }: RowStream,
  { insert, into, construct, oneByOne }: InsertedStream,
): void {
  const width = oneByOne === true ? into.length : insert.columnCount
  if (columns.length !== width)
    throw new SqlError('ER_WRONG_VALUE_COUNT_ON_ROW', "Column count doesn't match value count at row 1")
  for (const [i, column] of columns.entries())
    if (!isWritable(column, into[i]!, format))
      throw notSupported(`${construct}, where '${column.name}' has no exact literal,`)
}

/** Rows that have been read, as literals. */
class SelectedRows implements InsertSource {
  readonly rowCount: number
  readonly rowsBefore: number
  readonly #rows: StreamRows
  readonly #width: number

  constructor(rows: readonly Row[], { columns, format }: RowStream, width: number, rowsBefore: number) {
    this.rowCount = rows.length
    this.rowsBefore = rowsBefore
    this.#rows = new StreamRows(rows, columns, format)
    this.#width = width
  }

  /** With all that has been read. */
  get outer(): StreamRows {
    return this.#rows
  }

  isDefault(): boolean {
    return false
  }

  isConstant(): boolean {
    return true
  }

  appendCell(text: TextBinder, row: number, offset: number): void {
    text.appendPiece(this.#literal(row, offset))
  }

  value(row: number, offset: number): Value {
    return this.#rows.cell(row, offset)
  }

  vindexValue(row: number, offset: number): Value {
    return this.#rows.cell(row, offset)
  }

  appendRow(text: TextBinder, row: number, generated: GeneratedCell | undefined): void {
    text.appendPiece(rowText(this.#width, (c) => this.#literal(row, c), generated))
  }

  /** Bits are a number where the column is one. */
  #literal(row: number, offset: number): string {
    const { type, bytes } = this.#rows.cell(row, offset)
    return type === 'BIT' ? `0x${Buffer.from(bytes).toString('hex')}` : this.#rows.literal(row, offset)
  }
}
