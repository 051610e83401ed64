import type { Result } from '../../support/protocol-client.ts'
import { compareAnswers, type Difference } from '../select/compare-answers.ts'
import type { Told } from './player.ts'

/** AUTOCOMMIT, IN_TRANS, IN_TRANS_READONLY. */
const STATUS_MASK = 0x2003

/** The difference that matters most between what two sides say to a step; undefined when there is none. */
export function compareTold(expected: Told, got: Told): Difference | undefined {
  for (const [i, left] of expected.results.entries()) {
    const right = got.results[i]
    if (right === undefined) break
    const found = compareResult(left, right)
    if (found !== undefined) return found
  }
  const [left, right] = [expected, got].map(({ results }) => results.map(({ kind }) => kind).join(' '))
  if (left !== right) return { kind: 'results', expected: left!, got: right! }
  return compareShown(expected.warnings, got.warnings)
}

function compareResult(left: Result, right: Result): Difference | undefined {
  const answers = [left, right].map((result) => ({ result, warnings: [] }))
  const found = compareAnswers(answers[0]!, answers[1]!, AS_IT_IS, { isStrict: false })
  if (found !== undefined && !found.kind.startsWith('column.flags')) return found
  if (left.kind === 'error' || right.kind === 'error') return undefined
  const fields =
    left.kind === 'ok' ? (['lastInsertId', 'warnings', 'status'] as const) : (['warnings', 'status'] as const)
  const [expected, got] = [left, right].map((result) => result as Extract<Result, { kind: 'ok' }>)
  for (const field of fields) {
    const [a, b] = [expected!, got!].map((ok) => (field === 'status' ? ok.status & STATUS_MASK : ok[field]))
    if (a !== b) return { kind: field, expected: `${field} ${a}`, got: `${field} ${b}` }
  }
  return undefined
}

const AS_IT_IS = { sql: { kind: 'sequence', parts: [] }, isOrdered: true, approximate: [] } as const

/** Shards finish in any order. */
function compareShown(left: readonly string[], right: readonly string[]): Difference | undefined {
  const [expected, got] = [left, right].map((rows) => [...rows].sort().join('\n'))
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
