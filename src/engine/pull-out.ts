import { notSupported } from '../errors/sql-error.ts'
import {
  JOINED_ROWS_MAX,
  type PulledSubquery,
  type PullOutRows,
  type RowsPrimitive,
} from '../plan/primitives.ts'
import { formatDecimal } from '../values/decimal.ts'
import { classOf } from '../values/types.ts'
import { nullValue, type Value } from '../values/value.ts'
import type { OuterRows } from './bindings.ts'
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
  for (const each of node.subqueries) lists.push(...(await numbersOf(await run(each.rows, context), each)))
  const bindings = beneath(context.bindings, new PulledNumbers(lists))
  return run(node.input, { ...context, bindings })
}

/** The numbers of each column as text, each once; `NULL` where that matters. */
async function numbersOf(
  stream: RowStream,
  { width, use }: PulledSubquery,
): Promise<readonly (readonly string[])[]> {
  const lists = Array.from({ length: width }, () => new Set<string>())
  const most = use === 'value' ? 1 : JOINED_ROWS_MAX
  let rows = 0
  try {
    const { columns, format } = stream
    if (columns.length !== width || !columns.every((column) => EXACT.has(classOf(column))))
      throw notSupported('a subquery that gives no exact numbers over several shards')
    const layout = new RowLayout(format, columns)
    const cells = new Int32Array(2 * width)
    for (let batch = await stream.next(); batch !== undefined; batch = await stream.next()) {
      rows += batch.length
      if (use === 'value' && rows > 1) throw notSupported('a subquery of several rows over several shards')
      for (const row of batch) {
        layout.locate(row, width, cells)
        for (const [i, numbers] of lists.entries())
          numbers.add(textOf(columns[i]!, format, row, cells.subarray(2 * i, 2 * i + 2)))
      }
      if (lists.some(({ size }) => size > most))
        throw notSupported(`a subquery of more than ${most} rows over several shards`)
    }
  } finally {
    await stream.close()
  }
  return lists.map((numbers) => usedAs(use, numbers))
}

function usedAs(use: PulledSubquery['use'], numbers: Set<string>): readonly string[] {
  if (use === 'none of' && numbers.size === 0) throw notSupported('NOT IN nothing over several shards')
  if (use === 'one of') numbers.delete(NULL)
  return numbers.size === 0 ? [NULL] : [...numbers]
}

const NULL = 'NULL'
/** Longer ones may be none of 64 bits. */
const INTEGER_CHARACTERS = 19
const EXACT: ReadonlySet<string> = new Set(['signed', 'unsigned', 'decimal'])

/** `cell`: where it begins and ends. */
function textOf(column: StreamColumn, format: RowStream['format'], row: Buffer, cell: Int32Array): string {
  return cell[0]! < 0 ? NULL : formatDecimal(readExact(column, format, row, cell[0]!, cell[1]!))
}

/** What subqueries have given, column by column: at least one number or NULL. */
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
