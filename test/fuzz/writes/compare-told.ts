import type { Result } from '../../support/protocol-client.ts'
import { compareAnswers, type Difference } from '../select/compare-answers.ts'
import type { Told } from './player.ts'

const AUTOCOMMIT = 0x0002
const IN_TRANS = 0x0001

/** Without autocommit a transaction is there from some statement on, a server's first that reaches its tables. */
function statusOf(status: number): number {
  return (status & AUTOCOMMIT) === 0 ? 0 : status & (AUTOCOMMIT | IN_TRANS)
}

/**
 * The difference that matters most between what two sides say to a step; undefined when there is none. `isInOrder`: rows are written
 * in the statement's order, so that it is clear which of several errors comes first.
 */
export function compareTold(expected: Told, got: Told, isInOrder: boolean): Difference | undefined {
  if (!isInOrder && areOfRows(expected, got)) return undefined
  for (const [i, left] of expected.results.entries()) {
    const right = got.results[i]
    if (right === undefined) break
    const found = compareResult(left, right)
    if (found !== undefined) return found
  }
  const [left, right] = [expected, got].map(({ results }) => results.map(({ kind }) => kind).join(' '))
  if (left !== right) return { kind: 'results', expected: left!, got: right! }
  if (expected.results.at(-1)?.kind !== 'error') return compareShown(expected.warnings, got.warnings)
  // Of a failure over several shards the error alone is kept.
  const known = new Set(expected.warnings)
  return compareShown(
    expected.warnings.filter((warning) => got.warnings.includes(warning)),
    got.warnings.filter((warning) => warning.startsWith('Error ') || known.has(warning)),
  )
}

/** Errors that are about a row. */
function areOfRows(...told: readonly Told[]): boolean {
  return told.every(({ results }) => {
    const last = results.at(-1)
    return last?.kind === 'error' && OF_ROWS.has(last.errno)
  })
}

const OF_ROWS: ReadonlySet<number> = new Set([
  ...[1048, 1062, 1264, 1265, 1292, 1364, 1366, 1406, 1411, 1690, 3140, 3141, 3819, 4025],
])

function compareResult(left: Result, right: Result): Difference | undefined {
  const answers = [left, right].map((result) => ({ result: informed(result), warnings: [] }))
  const found = compareAnswers(answers[0]!, answers[1]!, AS_IT_IS, { isStrict: false })
  if (found !== undefined && !found.kind.startsWith('column.flags')) return found
  if (left.kind === 'error' || right.kind === 'error') return undefined
  const fields =
    left.kind === 'ok' ? (['lastInsertId', 'warnings', 'status'] as const) : (['warnings', 'status'] as const)
  const [expected, got] = [left, right].map((result) => result as Extract<Result, { kind: 'ok' }>)
  for (const field of fields) {
    const [a, b] = [expected!, got!].map((ok) => (field === 'status' ? statusOf(ok.status) : ok[field]))
    if (a !== b) return { kind: field, expected: `${field} ${a}`, got: `${field} ${b}` }
  }
  return undefined
}

/** MariaDB says nothing of an UPDATE of which it knows beforehand that there are no rows, which is a matter of its plan. */
function informed(result: Result): Result {
  const isNothing = result.kind === 'ok' && result.info === 'Rows matched: 0  Changed: 0  Warnings: 0'
  return isNothing ? { ...result, info: '' } : result
}

const AS_IT_IS = { sql: { kind: 'sequence', parts: [] }, isOrdered: true, approximate: [] } as const

/** Shards finish in any order. */
function compareShown(left: readonly string[], right: readonly string[]): Difference | undefined {
  const [expected, got] = [left, right].map((rows) => [...new Set(rows)].sort().join('\n'))
  if (expected === got) return undefined
  const codes = [left, right].map(
    (rows) => [...new Set(rows.map((row) => row.split(' ')[1]))].join(' ') || 'none',
  )
  return { kind: `SHOW WARNINGS ${codes.join(' -> ')}`, expected: expected!, got: got! }
}

export function isRefused({ results }: Told): boolean {
  return results.some((result) => result.kind === 'error' && result.errno === NOT_SUPPORTED)
}

export const NOT_SUPPORTED = 1235
