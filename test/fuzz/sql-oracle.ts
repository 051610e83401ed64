import type { Connection } from 'mysql2/promise'
import { SqlError } from '../../src/errors/sql-error.ts'
import { type ParseOptions, parseStatement } from '../../src/sql/parse.ts'
import { encodeBinary } from '../../src/sql/text.ts'
import { Random } from './random.ts'
import { mutateTokens } from './sql-mutate.ts'

export interface OracleOptions {
  readonly seed: number
  readonly durationMs: number
  /** Statements to change, as Unicode texts. */
  readonly statements: readonly string[]
  readonly connection: Connection
  /** As in 90704: of the server that is asked. */
  readonly serverVersion: number
}

export interface Disagreement {
  readonly sql: string
  /** 'accepted', or the text behind MySQL's `near`. */
  readonly mysql: string
  readonly ours: string
}

export interface OracleResult {
  readonly texts: number
  /** Texts that MySQL's grammar refused. */
  readonly refused: number
  readonly disagreements: readonly Disagreement[]
}

/**
 * Changes statements token by token and holds what we say of them against MySQL's parser: accepted, or refused at which
 * token. MySQL is asked by STATEMENT_DIGEST(), which parses and does nothing else.
 */
export async function compareWithMysql(options: OracleOptions): Promise<OracleResult> {
  const random = new Random(options.seed)
  const parseOptions = { mode: 0, serverVersion: options.serverVersion, passedOn: 'check' } as const
  const disagreements: Disagreement[] = []
  const until = performance.now() + options.durationMs
  let texts = 0
  let refused = 0
  while (performance.now() < until) {
    const sql = mutateTokens(random.pick(options.statements), random.pick(options.statements), random)
    const mysql = await verdictOf(sql, options.connection)
    if (mysql === undefined) continue
    texts++
    if (mysql !== ACCEPTED) refused++
    const ours = ourVerdict(sql, parseOptions)
    if (ours !== mysql) disagreements.push({ sql, mysql, ours })
  }
  return { texts, refused, disagreements }
}

const ACCEPTED = 'accepted'

/** MySQL's verdict; undefined when it says nothing of the grammar. */
export async function verdictOf(sql: string, connection: Connection): Promise<string | undefined> {
  try {
    await connection.query('SELECT STATEMENT_DIGEST(?)', [sql])
    return ACCEPTED
  } catch (error) {
    const { message } = error as Error
    if (message.includes('error in your SQL syntax')) return nearOf(message)
    return undefined // another error may come before the one of syntax
  }
}

export function ourVerdict(sql: string, options: ParseOptions): string {
  try {
    parseStatement(encodeBinary(sql), options)
    return ACCEPTED
  } catch (error) {
    if (!(error instanceof SqlError)) throw error
    return error.code === 'ER_PARSE_ERROR' ? nearOf(error.message) : error.message
  }
}

function nearOf(message: string): string {
  return /near '([\s\S]*) at line \d+/.exec(message)?.[0] ?? message
}
