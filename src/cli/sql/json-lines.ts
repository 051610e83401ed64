import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import type { ParseOptions } from '../../sql/parse.ts'
import { parseSqlMode } from '../../sql/sql-mode.ts'
import { type Description, describeSql } from './describe-statement.ts'

/**
 * Reads lines `{"sql": …, "sqlMode": …}` and writes a description for each, in order; `options` stands where a line has
 * no sqlMode. Memory: one chunk of the input and its output; a reader that is slow stops the reading.
 */
export async function describeLines(
  input: Readable,
  output: Writable,
  options: ParseOptions,
  format: (description: Description) => string,
): Promise<void> {
  let rest = ''
  input.setEncoding('utf8')
  for await (const chunk of input) {
    // Only the chunk is split: a line of many chunks is put together once, when its end has come.
    const lines = (chunk as string).split('\n')
    lines[0] = rest + lines[0]
    rest = lines.pop() ?? ''
    const text = lines.map((line) => format(describeLine(line, options))).join('')
    if (!output.write(text)) await once(output, 'drain')
  }
  if (rest !== '') output.write(format(describeLine(rest, options)))
}

/** Errno of what is no statement at all: ER_UNKNOWN_ERROR. */
const NOT_A_STATEMENT = { ok: false, errno: 1105, sqlState: 'HY000' } as const

export function describeLine(line: string, options: ParseOptions): Description {
  let input: unknown
  try {
    input = JSON.parse(line)
  } catch (error) {
    return { ...NOT_A_STATEMENT, message: `The line is not JSON: ${(error as SyntaxError).message}` }
  }
  if (!isLine(input))
    return {
      ...NOT_A_STATEMENT,
      message: 'The line is not an object with the texts sql and, perhaps, sqlMode',
    }
  const { sql, sqlMode } = input
  return describeSql(
    sql,
    sqlMode === undefined || sqlMode === null ? options : { ...options, mode: parseSqlMode(sqlMode) },
  )
}

interface Line {
  readonly sql: string
  readonly sqlMode?: string | null
}

function isLine(value: unknown): value is Line {
  if (typeof value !== 'object' || value === null) return false
  const { sql, sqlMode } = value as Record<string, unknown>
  return typeof sql === 'string' && (sqlMode === undefined || sqlMode === null || typeof sqlMode === 'string')
}
