import type { Condition } from '../errors/condition.ts'

/** Conditions of a statement's text, not of its rows: every shard has the same. */
const OF_THE_TEXT: ReadonlySet<number> = new Set([1287, 1681, 1831, 3719, 3778, 4079, 4080])

/** A value that was taken for another type: of a row, or of the text where it stands there. */
const WARN_TRUNCATED = 1292

/**
 * The conditions of all shards as one server would have them: what is about the statement's text is said as often as one shard
 * has said it. `sql`: that text, of a query; what shards are asked for it may repeat a deprecated thing in hidden columns.
 */
export function mergeConditions(lists: readonly (readonly Condition[])[], sql = ''): readonly Condition[] {
  const left = new Map<string, number>()
  for (const list of lists) {
    const counts = new Map<string, number>()
    for (const { message } of list) counts.set(message, (counts.get(message) ?? 0) + 1)
    for (const [message, count] of counts)
      left.set(message, sql === '' ? Math.max(left.get(message) ?? 0, count) : 1)
  }
  return lists.flat().filter((condition) => {
    if (!isOfText(condition, sql)) return true
    const count = left.get(condition.message)!
    left.set(condition.message, count - 1)
    return count > 0
  })
}

function isOfText({ code, message }: Condition, sql: string): boolean {
  if (OF_THE_TEXT.has(code)) return true
  const [quoted] = code === WARN_TRUNCATED ? (/'[^']*'$/.exec(message) ?? []) : []
  return quoted !== undefined && sql.includes(quoted)
}
