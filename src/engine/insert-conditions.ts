import { atRow, rowTold } from '../errors/at-row.ts'
import type { Condition } from '../errors/condition.ts'
import type { InsertedRows } from './insert-split.ts'
import type { WriteAnswer } from './shard-port.ts'

/** Rows that a shard was given, and what it has said. */
interface AnsweredRows {
  readonly part: ToldRows
  readonly answer: Pick<WriteAnswer, 'conditions'>
}

interface ToldRows {
  readonly rows: Pick<InsertedRows, 'numbers' | 'count' | 'cells'>
}

interface Placed {
  /** Position of its row in the statement. */
  readonly row: number
  readonly condition: Condition
}

const ER_BAD_NULL_ERROR = 1048
const ER_DUP_ENTRY = 1062

/**
 * The conditions of an INSERT's rows as one server tells them: with the rows' numbers in the statement, in their order.
 *
 * A shard goes through its rows one by one, so that a condition that names no row is of one between its neighbours': of the
 * first there that has the value or the NULL that it is about, as far as that can be seen.
 */
export function conditionsOfRows(parts: readonly AnsweredRows[]): readonly Condition[] {
  const placed = parts.flatMap(({ part, answer }) => placeRows(part, answer.conditions))
  return placed.sort((a, b) => a.row - b.row).map(({ row, condition }) => ({ ...condition, row }))
}

function placeRows(part: ToldRows, conditions: readonly Condition[]): readonly Placed[] {
  const { numbers } = part.rows
  let at = 0
  return conditions.map((condition) => {
    const told = rowTold({ errno: condition.code, message: condition.message })
    if (told === undefined || told > numbers.length) {
      at = rowOf(part, condition, at)
      return { row: numbers[at], condition }
    }
    at = told - 1
    return { row: numbers[at], condition: { ...condition, message: atRow(condition.message, numbers[at]) } }
  })
}

/** From row `from` of the part on. */
function rowOf({ rows }: ToldRows, { code, message }: Condition, from: number): number {
  const isIt = wantedCells(code, message)
  if (isIt === undefined) return from
  for (let i = from; i < rows.count; i++) if (isIt(rows.cells(i))) return i
  return from
}

type Cells = readonly (string | null | undefined)[]

function wantedCells(code: number, message: string): ((cells: Cells) => boolean) | undefined {
  if (code === ER_BAD_NULL_ERROR) return (cells) => cells.includes(null)
  const entry = code === ER_DUP_ENTRY ? /'(.*)' for key/s.exec(message)?.[1] : undefined
  if (entry === undefined) return undefined
  // The values of a key over several columns stand there with a `-` between them.
  return (cells) => cells.includes(entry) || cells.join('-').includes(entry)
}
