import { SqlError } from '../../errors/sql-error.ts'

/** What a statement's comment directives say of how it is run: `PRIORITY=10 WORKLOAD_NAME=report`. */
export interface Directives {
  /** 0, the most urgent, to 100. */
  readonly priority?: number
  readonly workload?: string
  /** It may answer any number of rows. */
  readonly ignoresRowLimit?: true
  /** 0: any time. */
  readonly timeoutMs?: number
}

/** Names in any case; one that is said twice counts as it was said last, as vtgate has it. Throws 1210 for a value that cannot be. */
export function readDirectives(comments: readonly string[]): Directives {
  const values = new Map<string, string>()
  for (const word of comments.join(' ').split(/\s+/)) {
    const at = word.indexOf('=')
    if (at < 0) values.set(word.toUpperCase(), 'true')
    else values.set(word.slice(0, at).toUpperCase(), word.slice(at + 1))
  }
  const priority = values.get('PRIORITY')
  const workload = values.get('WORKLOAD_NAME')
  const timeoutMs = values.get('QUERY_TIMEOUT_MS')
  return {
    ...(priority !== undefined && { priority: wholeNumber('priority', priority, 100) }),
    ...(workload !== undefined && { workload }),
    ...(values.get('IGNORE_MAX_ROWS')?.toLowerCase() === 'true' && { ignoresRowLimit: true as const }),
    ...(timeoutMs !== undefined && { timeoutMs: wholeNumber('timeout', timeoutMs, 2 ** 31 - 1) }),
  }
}

function wholeNumber(what: string, text: string, max: number): number {
  if (/^\d{1,10}$/.test(text) && Number(text) <= max) return Number(text)
  throw new SqlError(
    'ER_WRONG_ARGUMENTS',
    `Invalid ${what} value specified in query: '${text}' is not 0 to ${max}`,
  )
}
