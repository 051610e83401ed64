import { notSupported } from '../errors/sql-error.ts'
import type { PulledSubquery, PullOutRows, RowsPrimitive } from '../plan/primitives.ts'
import { formatDecimal } from '../values/decimal.ts'
import { classOf } from '../values/types.ts'
import { nullValue, type Value } from '../values/value.ts'
import type { OuterRows } from './bindings.ts'
import { JOINED_ROWS_MAX } from './join.ts'
import { integerOf } from './join-keys.ts'
import { readExact } from './number-cell.ts'
import { beneath } from './outer-rows.ts'
import { RowLayout } from './row-format.ts'
import type { RowStream, StreamColumn } from './row-stream.ts'
import type { RunContext } from './run-context.ts'

type Run = (node: RowsPrimitive, context: RunContext) => Promise<RowStream>

/**
 * Runs the subqueries, one after the other, and then the query with what they have given. Throws ER_NOT_SUPPORTED_YET where that
 * cannot stand there: several rows for a value, too many for a list, or none for NOT IN, columns that are no exact numbers.
 */
export async function pullOut(node: PullOutRows, context: RunContext, run: Run): Promise<RowStream> {
  const lists: (readonly string[])[] = []
  for (const { rows, use } of node.subqueries) lists.push(await numbersOf(await run(rows, context), use))
  const bindings = beneath(context.bindings, new PulledNumbers(lists))
  return run(node.input, { ...context, bindings })
}

/** The numbers as text, each once; `NULL` where that matters. */
async function numbersOf(stream: RowStream, use: PulledSubquery['use']): Promise<readonly string[]> {
  const numbers = new Set<string>()
  const most = use === 'value' ? 1 : JOINED_ROWS_MAX
  let rows = 0
  try {
    const [column] = stream.columns
    if (column === undefined || stream.columns.length > 1 || !EXACT.has(classOf(column)))
      throw notSupported('a subquery that gives no exact numbers over several shards')
    const layout = new RowLayout(stream.format, stream.columns)
    const cells = new Int32Array(2)
    for (let batch = await stream.next(); batch !== undefined; batch = await stream.next()) {
      rows += batch.length
      if (use === 'value' && rows > 1) throw notSupported('a subquery of several rows over several shards')
      for (const row of batch) {
        layout.locate(row, 1, cells)
        numbers.add(cells[0]! < 0 ? NULL : textOf(column, stream.format, row, cells))
      }
      if (numbers.size > most) throw notSupported(`a subquery of more than ${most} rows over several shards`)
    }
  } finally {
    await stream.close()
  }
  if (use === 'none of' && numbers.size === 0) throw notSupported('NOT IN nothing over several shards')
  if (use === 'one of') numbers.delete(NULL)
  return numbers.size === 0 ? [NULL] : [...numbers]
}

const NULL = 'NULL'
/** Longer ones may be none of 64 bits. */
const INTEGER_CHARACTERS = 19
const EXACT: ReadonlySet<string> = new Set(['signed', 'unsigned', 'decimal'])

function textOf(column: StreamColumn, format: RowStream['format'], row: Buffer, cells: Int32Array): string {
  return formatDecimal(readExact(column, format, row, cells[0]!, cells[1]!))
}

/** What each subquery has given, as a column: at least one number or NULL. */
class PulledNumbers implements OuterRows {
  readonly #lists: readonly (readonly string[])[]

  constructor(lists: readonly (readonly string[])[]) {
    this.#lists = lists
  }

  value(column: number): Value {
    return this.values(column)[0]!
  }

  values(column: number): readonly Value[] {
    return this.#lists[column]!.map((text): Value => {
      if (text === NULL) return nullValue
      const isInteger = text.length <= INTEGER_CHARACTERS && !text.includes('.')
      return isInteger ? integerOf(text) : { type: 'DECIMAL', bytes: Buffer.from(text, 'latin1') }
    })
  }

  text([column]: readonly number[]): string {
    return this.#lists[column!]!.join(', ')
  }

  only(column: number, numbers: readonly number[]): PulledNumbers {
    return new PulledNumbers(
      this.#lists.map((list, i) => (i === column ? numbers.map((number) => list[number]!) : list)),
    )
  }
}
