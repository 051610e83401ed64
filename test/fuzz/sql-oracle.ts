import type { Connection } from 'mysql2/promise'
import { SqlError } from '../../src/errors/sql-error.ts'
import { type ParseOptions, parseStatement } from '../../src/sql/parse.ts'
import { print } from '../../src/sql/print.ts'
import type { SqlMode } from '../../src/sql/sql-mode.ts'
import { decodeBinary, encodeBinary } from '../../src/sql/text.ts'
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
  /** That of the connection; default 0. */
  readonly mode?: SqlMode
}

export interface Disagreement {
  readonly sql: string
  /** The server's verdict: 'accepted', or the text behind `near`. */
  readonly theirs: string
  readonly ours: string
}

export interface OracleResult {
  readonly texts: number
  /** Texts that MySQL's grammar refused. */
  readonly refused: number
  readonly disagreements: readonly Disagreement[]
}

/** Statements changed token by token, until the time is over. */
export function* changedTexts({ seed, durationMs, statements }: OracleOptions): Generator<string, void> {
  const random = new Random(seed)
  const until = performance.now() + durationMs
  while (performance.now() < until)
    yield mutateTokens(random.pick(statements), random.pick(statements), random)
}

/**
 * Changes statements token by token and holds what we say of them against MySQL's parser: accepted, or refused at which
 * token; and of what both accept, whether MySQL reads the text that we print as it reads the statement. MySQL is asked by
 * STATEMENT_DIGEST(), which parses and does nothing else.
 */
export async function compareWithMysql(options: OracleOptions): Promise<OracleResult> {
  const parseOptions = {
    mode: options.mode ?? 0,
    serverVersion: options.serverVersion,
    allowParams: false,
    passedOn: 'check',
  } as const
  const disagreements: Disagreement[] = []
  let texts = 0
  let refused = 0
  for (const sql of changedTexts(options)) {
    const mysql = await verdictOf(sql, options.connection)
    if (mysql === undefined) continue
    texts++
    if (mysql !== ACCEPTED) refused++
    const ours = ourVerdict(sql, parseOptions)
    if (ours !== mysql) disagreements.push({ sql, theirs: mysql, ours })
    else if (ours === ACCEPTED)
      disagreements.push(...(await misprintOf(sql, parseOptions, options.connection)))
  }
  return { texts, refused, disagreements }
}

/** What MySQL reads in the text that we print of a statement, where it is not what it reads in the statement. */
export async function misprintOf(
  sql: string,
  options: ParseOptions,
  connection: Connection,
): Promise<readonly Disagreement[]> {
  const statement = parseStatement(encodeBinary(sql), options)
  if (statement.kind === 'Set') return [] // SET NAMES 'utf8' is printed as SET NAMES utf8
  const printed = decodeBinary(print(statement))
  const [theirs, ours] = await Promise.all([digestOf(sql, connection), digestOf(printed, connection)])
  return bareDigest(theirs) === bareDigest(ours) ? [] : [{ sql, theirs, ours: `${printed}\n${ours}` }]
}

async function digestOf(sql: string, connection: Connection): Promise<string> {
  try {
    const [rows] = await connection.query(`SELECT STATEMENT_DIGEST_TEXT(${literalOf(sql)}) AS digest`)
    return (rows as { digest: string }[])[0].digest
  } catch (error) {
    return (error as Error).message
  }
}

/** Without the quotes and the case of names: a word of the grammar may be a name with or without quotes. */
function bareDigest(digest: string): string {
  return digest
    .replaceAll('`', '')
    .toUpperCase()
    .replaceAll('SYSTEM_USER', 'USER')
    .replaceAll('FIELDS', 'COLUMNS')
}

export const ACCEPTED = 'accepted'

/** MySQL's verdict; undefined when it says nothing of the grammar. */
export async function verdictOf(sql: string, connection: Connection): Promise<string | undefined> {
  try {
    await connection.query(`SELECT STATEMENT_DIGEST(${literalOf(sql)})`)
    return ACCEPTED
  } catch (error) {
    const { message } = error as Error
    // Some errors of syntax have other first words: "Illegal privilege identifier near …".
    if (nearText.test(message)) return nearOf(message)
    return undefined // another error may come before the one of syntax
  }
}

/** A literal of the text that reads the same under every sql_mode. */
export function literalOf(text: string): string {
  return `_utf8mb4 X'${Buffer.from(text).toString('hex')}'`
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

const nearText = /near '([\s\S]*)' at line \d+/

function nearOf(message: string): string {
  return nearText.exec(message)?.[0] ?? message
}
