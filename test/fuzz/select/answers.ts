import {
  type ColumnInfo,
  type ErrorResult,
  type ProtocolClient,
  type Result,
  textRow,
} from '../../support/protocol-client.ts'
import type { Case, Step } from './cases.ts'
import { print } from './fragment.ts'

/** What a side says to one step. */
export interface Answer {
  readonly result: Result
  /** What COM_STMT_PREPARE told; undefined for text. */
  readonly prepared?: readonly ColumnInfo[]
  /** SHOW WARNINGS, `Warning 1292 Incorrect …`, sorted, each once. */
  readonly warnings: readonly string[]
}

/** Asks for each step in turn. Rejects when the connection is lost or nothing comes for long. */
export async function ask(client: ProtocolClient, { steps, isPrepared }: Case): Promise<readonly Answer[]> {
  const answers: Answer[] = []
  for (const step of steps) answers.push(await within(askStep(client, step, isPrepared), step, isPrepared))
  return answers
}

async function askStep(client: ProtocolClient, { sql }: Step, isPrepared: boolean): Promise<Answer> {
  const printed = print(sql, isPrepared)
  if (!isPrepared) return withWarnings(client, { result: (await client.query(printed.sql))[0]! })
  const prepared = await client.prepare(printed.sql)
  if (prepared.kind === 'error') return { result: prepared, warnings: [] }
  const result = (await client.execute(prepared.id, printed.params))[0]!
  const answer = await withWarnings(client, { result, prepared: prepared.columns })
  client.closeStatement(prepared.id)
  return answer
}

async function withWarnings(client: ProtocolClient, answer: Omit<Answer, 'warnings'>): Promise<Answer> {
  const { result } = answer
  if (result.kind === 'error' || result.warnings === 0) return { ...answer, warnings: [] }
  const shown = (await client.query('SHOW WARNINGS'))[0]!
  const warnings =
    shown.kind === 'rows' ? [...new Set(shown.rows.map((row) => textRow(row).join(' ')))].sort() : []
  return { ...answer, warnings }
}

/** A lost connection, told like an error. */
export function lost(): Answer {
  const result: ErrorResult = { kind: 'error', errno: 2013, sqlState: 'HY000', message: 'Lost connection' }
  return { result, warnings: [] }
}

export function isLost({ result }: Answer): boolean {
  return result.kind === 'error' && result.errno === 2013
}

/** No random statement over a handful of rows takes so long. */
const ANSWER_MS = 30_000

async function within<T>(answer: Promise<T>, { sql }: Step, isPrepared: boolean): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const text = print(sql, isPrepared).sql
    timer = setTimeout(() => reject(new Error(`no answer within ${ANSWER_MS} ms: ${text}`)), ANSWER_MS)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
