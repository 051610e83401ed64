import type { Condition } from '../errors/condition.ts'

/** Conditions of a statement's text, not of its rows: every shard has the same. */
const OF_THE_TEXT: ReadonlySet<number> = new Set([1287, 1364, 1681, 1831, 3719, 3778, 4079, 4080])

/** WARN_NON_ASCII_SEPARATOR_NOT_IMPLEMENTED, of LOAD DATA. */
const OF_SEPARATORS = 1638

/** Whether a condition is of the statement's text, which every server says of it. */
export function isOfTheText(code: number): boolean {
  return OF_THE_TEXT.has(code) || code === OF_SEPARATORS
}

/** ER_NON_UNIQ_ERROR as a warning: once for each clause that has the name. */
const AMBIGUOUS = 1052

/** A value that was taken for another type, or is a date as they were once written: of a row, or of the text if it stands there. */
const OF_A_VALUE: ReadonlySet<number> = new Set([1292, 4095, 4096, 4097])
const VALUE = /value:? '([^']*)'(?: for column .*| at row .*)?$/

/** max_error_count of MariaDB: what is said as often may be said more often than is kept. */
const KEPT_LEAST = 64

/** ER_BAD_NULL_ERROR as a warning. */
const NULL_TAKEN = 1048

/** What is known of the statement that shards have conditions of. */
export interface OfStatement {
  /**
   * Whether its conditions alone hold the text as a literal. One that is compared is taken for a number or a date once, in a
   * select list with each row.
   */
  isInCondition(text: string): boolean
  /** MySQL says once in an INSERT that a column cannot be NULL; otherwise each row does. */
  readonly saysNullsOnce: boolean
  /** What shards are asked for a query may repeat in hidden columns what is deprecated. */
  readonly isQuery: boolean
}

/**
 * The conditions of all shards as one server would have them: what is about the statement's text is said as often as one shard
 * has said it. `ordered`: all of them, in their order.
 */
export function mergeConditions(
  lists: readonly (readonly Condition[])[],
  statement: OfStatement,
  ordered: readonly Condition[] = lists.flat(),
): readonly Condition[] {
  const counts = countsOf(lists)
  const said = new Map<string, number>()
  return ordered.filter(({ code, message }) => {
    const times = timesOf(code, message, counts.get(message) ?? [], statement)
    const before = said.get(message) ?? 0
    said.set(message, before + 1)
    return times === undefined || before < times
  })
}

/** How often the shards that say a text say it. */
function countsOf(lists: readonly (readonly Condition[])[]): ReadonlyMap<string, readonly number[]> {
  const counts = new Map<string, number[]>()
  for (const list of lists) {
    const ofList = new Map<string, number>()
    for (const { message } of list) ofList.set(message, (ofList.get(message) ?? 0) + 1)
    for (const [message, count] of ofList) counts.set(message, [...(counts.get(message) ?? []), count])
  }
  return counts
}

/** How often it is to be said; undefined: as often as shards say it. What they say of a literal they say equally often. */
function timesOf(
  code: number,
  message: string,
  counts: readonly number[],
  { isQuery, isInCondition, saysNullsOnce }: OfStatement,
): number | undefined {
  if (code === NULL_TAKEN && saysNullsOnce) return 1
  if (code === AMBIGUOUS) return Math.max(...counts)
  if (OF_THE_TEXT.has(code)) return isQuery ? 1 : Math.max(...counts)
  const [, quoted] = OF_A_VALUE.has(code) ? (VALUE.exec(message) ?? []) : []
  const [count] = counts
  if (quoted === undefined || count === undefined || count >= KEPT_LEAST) return undefined
  return counts.every((other) => other === count) && isInCondition(quoted) ? count : undefined
}
