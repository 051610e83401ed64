import { rowText } from '../../differential/compare.ts'
import {
  type ColumnInfo,
  type ErrorResult,
  type Result,
  type Rows,
  textRow,
} from '../../support/protocol-client.ts'
import type { Answer } from './answers.ts'
import type { Step } from './cases.ts'

export interface Difference {
  /** Equal for differences of one sort: `rows`, `column.type`, `refused: …`. */
  readonly kind: string
  readonly expected: string
  readonly got: string
}

export interface Strictness {
  /** Also lengths, names of tables and what was told of a statement when it was prepared. */
  readonly isStrict: boolean
  /** The two may have different keys, and say so in the flags of columns. */
  readonly hasOtherKeys?: boolean
}

/** The difference that matters most; undefined when the answers are alike. */
export function compareAnswers(
  expected: Answer,
  got: Answer,
  step: Step,
  strictness: Strictness,
): Difference | undefined {
  const found = differenceOf(expected, got, step, strictness)
  // A text that is the same each time says what the difference is about.
  return found && typeof step.sql === 'string' ? { ...found, kind: `${found.kind} of ${step.sql}` } : found
}

function differenceOf(
  expected: Answer,
  got: Answer,
  step: Step,
  { isStrict, hasOtherKeys = false }: Strictness,
): Difference | undefined {
  const [left, right] = [expected.result, got.result]
  if (right.kind === 'error' || left.kind === 'error') return compareErrors(left, right)
  if (left.kind !== right.kind) return { kind: 'result', expected: left.kind, got: right.kind }
  if (left.kind === 'ok' && right.kind === 'ok')
    return compareOk(left, right) ?? compareWarnings(expected.warnings, got.warnings)
  if (left.kind !== 'rows' || right.kind !== 'rows') return undefined
  const fields = isStrict ? STRICT_FIELDS : FIELDS
  const [mine, theirs] = [right.columns, left.columns].map((columns) =>
    hasOtherKeys ? columns.map(keyless) : columns,
  )
  // How many rows came before an error is nobody's promise.
  if (left.error !== undefined || right.error !== undefined) {
    return compareErrors(left.error ?? left, right.error ?? right)
  }
  return (
    compareRows(left, right, step) ??
    compareColumns(theirs!, mine!, fields, 'column') ??
    (isStrict
      ? compareColumns(expected.prepared ?? [], got.prepared ?? [], fields, 'prepared')
      : undefined) ??
    compareWarnings(expected.warnings, got.warnings)
  )
}

type Ok = Extract<Result, { kind: 'ok' }>

function compareOk(left: Ok, right: Ok): Difference | undefined {
  const [expected, got] = [left, right].map(({ affectedRows, info }) => `${affectedRows} rows, ${info}`)
  return expected === got ? undefined : { kind: 'counts', expected: expected!, got: got! }
}

export function isRefusal({ kind }: Difference): boolean {
  return kind.startsWith('refused')
}

const FIELDS = ['name', 'type', 'flags', 'collationId', 'decimals'] as const
const STRICT_FIELDS = [...FIELDS, 'length', 'schema', 'table', 'orgTable', 'orgName'] as const

/**
 * Whether each column is described as it is by one of these descriptions of a plain server. What passes through a temporary
 * table is told otherwise than what does not, and which columns do is a matter of the server's plan, for each of them.
 */
export function isToldSo(
  columns: readonly ColumnInfo[],
  descriptions: readonly (readonly ColumnInfo[])[],
): boolean {
  return columns.every((column, i) =>
    FIELDS.every((field) => descriptions.some((told) => told[i]?.[field] === column[field])),
  )
}

/** MULTIPLE_KEY and PART_KEY. */
const KEY_FLAGS = 0x4008

function keyless(column: ColumnInfo): ColumnInfo {
  return { ...column, flags: column.flags & ~KEY_FLAGS }
}

function compareErrors(left: Result, right: Result): Difference | undefined {
  if (left.kind !== 'error' && right.kind !== 'error') return undefined
  // An UPDATE counts rows as its plan meets them, and on each shard alone.
  const [expected, got] = [rowless(told(left)), rowless(told(right))]
  if (expected === got) return undefined
  const [mine, theirs] = [right, left].map((result) => (result.kind === 'error' ? result.errno : 0))
  if (mine === NOT_SUPPORTED) {
    const construct = nameless((right as ErrorResult).message)
    return { kind: `refused${theirs === 0 ? '' : ` (${theirs})`}: ${construct}`, expected, got }
  }
  return { kind: mine === theirs ? `message of ${mine}` : `errno ${theirs} -> ${mine}`, expected, got }
}

const NOT_SUPPORTED = 1235

function told(result: Result): string {
  if (result.kind === 'error') return `${result.errno} (${result.sqlState}) ${result.message}`
  return result.kind === 'rows' ? `${result.rows.length} rows` : 'ok'
}

/** A message without what differs from statement to statement. */
function nameless(message: string): string {
  return message.replace(/\b(?:main|extra|plain)\b[.\w]*|\b[a-z]{1,2}\d+\w*\b|\d+/g, '*')
}

/** Alike byte by byte is the usual thing. */
function compareRows(left: Rows, right: Rows, { isOrdered, approximate }: Step): Difference | undefined {
  if (left.rows.length === right.rows.length && left.rows.every((row, i) => row.equals(right.rows[i]!)))
    return undefined
  if (left.rows.length !== right.rows.length) {
    return { kind: 'number of rows', expected: shown(left), got: shown(right) }
  }
  const textOf = approximate.length === 0 ? rowText : (row: Buffer) => rounded(row, approximate)
  const [a, b] = [left.rows.map(textOf), right.rows.map(textOf)]
  if (isOrdered && a.every((row, i) => row === b[i])) return undefined
  const [sortedA, sortedB] = [[...a].sort(), [...b].sort()]
  const isSame = sortedA.every((row, i) => row === sortedB[i])
  if (isSame && !isOrdered) return undefined
  // Rows of the binary protocol differ with the types of their columns.
  if (!isSame && left.columns.some(({ type }, i) => type !== right.columns[i]?.type)) return undefined
  return {
    kind: isSame ? 'order' : 'rows',
    expected: a.join('\n'),
    got: b.join('\n'),
  }
}

function shown({ rows }: Rows): string {
  return rows.map(rowText).join('\n')
}

/** Approximate columns with ten digits: servers add doubles in whatever order rows come. */
function rounded(row: Buffer, approximate: readonly number[]): string {
  return textRow(row)
    .map((cell, i) =>
      cell !== null && approximate.includes(i) ? Number(cell).toPrecision(10) : String(cell),
    )
    .join('\t')
}

function compareColumns(
  left: readonly ColumnInfo[],
  right: readonly ColumnInfo[],
  fields: readonly (keyof ColumnInfo)[],
  what: string,
): Difference | undefined {
  if (left.length !== right.length)
    return { kind: `${what}s`, expected: `${left.length}`, got: `${right.length}` }
  for (const field of fields) {
    const at = left.findIndex((column, i) => column[field] !== right[i]![field])
    if (at >= 0) {
      const [mine, theirs] = [right[at]!, left[at]!]
      const tell = (column: ColumnInfo) => `${column.name}: ${field} ${column[field]}`
      const values = typeof mine[field] === 'number' ? ` ${theirs[field]} -> ${mine[field]}` : ''
      return { kind: `${what}.${field}${values}`, expected: tell(theirs), got: tell(mine) }
    }
  }
  return undefined
}

function compareWarnings(left: readonly string[], right: readonly string[]): Difference | undefined {
  // Rows are counted in the order in which a plan meets them, on a shard or on one server.
  const [expected, got] = [left, right].map((rows) => [...new Set(rows.map(rowless))].join('\n'))
  if (expected === got) return undefined
  const codes = [left, right].map((rows) => [...new Set(rows.map(codeOf))].join(' ') || 'none')
  return { kind: `warnings ${codes.join(' -> ')}`, expected, got }
}

function rowless(warning: string): string {
  return warning.replace(/ at row \d+$/, ' at row *')
}

function codeOf(warning: string): string {
  return warning.split(' ')[1]!
}
