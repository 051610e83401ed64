import type { ColumnInfo, ErrorResult, PreparedInfo, Result, Rows } from '../support/protocol-client.ts'

/** What one side said to a statement, and what it keeps of it. */
export interface Outcome {
  readonly prepared: PreparedInfo | ErrorResult | undefined
  readonly results: readonly Result[]
  /** Rows of SHOW WARNINGS, when any side had warnings. */
  readonly warnings: readonly string[]
  /** Tables whose rows were looked at afterwards: their rows, sorted. */
  readonly tables: ReadonlyMap<string, readonly string[]>
}

export interface Difference {
  /** `rows`, `affectedRows`, `column.flags` … */
  readonly field: string
  readonly expected: string
  readonly actual: string
}

/** AUTOCOMMIT, IN_TRANS, MORE_RESULTS, NO_BACKSLASH_ESCAPES, IN_TRANS_READONLY: hints about indexes may differ. */
const STATUS_MASK = 0x220b

export function compareOutcomes(
  expected: Outcome,
  actual: Outcome,
  isOrdered: boolean,
): readonly Difference[] {
  const found: Difference[] = []
  const differ = (field: string, left: unknown, right: unknown) => {
    const [a, b] = [show(left), show(right)]
    if (a !== b) found.push({ field, expected: a, actual: b })
  }
  comparePrepared(expected.prepared, actual.prepared, differ)
  const compared = { isOrdered, isBinary: actual.prepared?.kind === 'prepared' }
  if (show(expected.results.map(kindOf)) !== show(actual.results.map(kindOf))) {
    differ('results', expected.results.map(told), actual.results.map(told))
  }
  for (const [i, left] of expected.results.entries()) {
    const right = actual.results[i]
    if (right !== undefined) compareResults(left, right, compared, differ)
  }
  differ('showWarnings', [...expected.warnings].sort(), [...actual.warnings].sort()) // shards finish in any order
  for (const [table, rows] of expected.tables) differ(`table.${table}`, rows, actual.tables.get(table))
  return found
}

interface Compared {
  readonly isOrdered: boolean
  readonly isBinary: boolean
}

type Differ = (field: string, left: unknown, right: unknown) => void

function comparePrepared(left: Outcome['prepared'], right: Outcome['prepared'], differ: Differ): void {
  differ('prepared', left && kindOf(left), right && kindOf(right))
  if (left?.kind === 'error' && right?.kind === 'error') compareErrors(left, right, differ)
  if (left?.kind !== 'prepared' || right?.kind !== 'prepared') return
  compareColumns(left.columns, right.columns, 'prepared.column', differ)
  compareColumns(left.params, right.params, 'param', differ)
  differ('prepared.warnings', left.warnings, right.warnings)
}

function compareResults(left: Result, right: Result, compared: Compared, differ: Differ): void {
  if (left.kind === 'ok' && right.kind === 'ok') {
    for (const field of ['affectedRows', 'lastInsertId', 'warnings', 'info'] as const) {
      differ(field, left[field], right[field])
    }
    differ('status', left.status & STATUS_MASK, right.status & STATUS_MASK)
  }
  if (left.kind === 'error' && right.kind === 'error') compareErrors(left, right, differ)
  if (left.kind === 'rows' && right.kind === 'rows') compareRows(left, right, compared, differ)
}

/** Rows of the binary protocol differ with the types of their columns. */
function compareRows(left: Rows, right: Rows, { isOrdered, isBinary }: Compared, differ: Differ): void {
  compareColumns(left.columns, right.columns, 'column', differ)
  const [a, b] = [left.rows.map(rowText), right.rows.map(rowText)]
  const [sortedA, sortedB] = [[...a].sort(), [...b].sort()]
  const isTyped = isBinary && left.columns.some(({ type }, i) => type !== right.columns[i]?.type)
  if (show(sortedA) !== show(sortedB)) differ(isTyped ? 'binary rows' : 'rows', a, b)
  else if (isOrdered) differ('order', a, b)
  differ('warnings', left.warnings, right.warnings)
  differ('status', left.status & STATUS_MASK, right.status & STATUS_MASK)
  differ('errno', left.error?.errno, right.error?.errno)
}

function compareErrors(left: ErrorResult, right: ErrorResult, differ: Differ): void {
  differ('errno', left.errno, right.errno)
  differ('sqlState', left.sqlState, right.sqlState)
  differ('message', left.message, right.message)
}

function compareColumns(
  left: readonly ColumnInfo[],
  right: readonly ColumnInfo[],
  what: string,
  differ: Differ,
): void {
  differ(`${what}Count`, left.length, right.length)
  for (const [i, column] of left.entries()) {
    for (const field of Object.keys(column) as (keyof ColumnInfo)[]) {
      const prefix = field === 'name' ? '' : `${column.name}: `
      differ(`${what}.${field}`, `${prefix}${column[field]}`, right[i] && `${prefix}${right[i][field]}`)
    }
  }
}

/** What a reader wants to see, and every byte of it. */
export function rowText(row: Buffer): string {
  return row
    .toString('latin1')
    .replace(/[^\x20-\x7e]/g, (c) => `\\${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

function kindOf(result: Result | PreparedInfo): string {
  return result.kind === 'error' ? `error ${result.errno}` : result.kind
}

function told(result: Result): string {
  return result.kind === 'error' ? `${kindOf(result)}: ${result.message}` : result.kind
}

function show(value: unknown): string {
  return Array.isArray(value) ? value.map(String).join('\n') : String(value)
}
