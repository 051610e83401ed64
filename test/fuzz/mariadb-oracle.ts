import type { Connection } from 'mysql2/promise'
import { type ParseOptions, parseStatement } from '../../src/sql/parse.ts'
import { print } from '../../src/sql/print.ts'
import { decodeBinary, encodeBinary } from '../../src/sql/text.ts'
import {
  ACCEPTED,
  changedTexts,
  type Disagreement,
  literalOf,
  type OracleOptions,
  type OracleResult,
  ourVerdict,
} from './sql-oracle.ts'

/**
 * As compareWithMysql, with MariaDB as the judge. Its grammar is read more generously here than it is there, for what is
 * passed on is MariaDB's to refuse; so only two things count: what it accepts must not be refused, and what is printed
 * must be what it was. MariaDB is asked by PREPARE, which parses and looks up names, and executes nothing.
 */
export async function compareWithMariadb(options: OracleOptions): Promise<OracleResult> {
  const parseOptions = { mode: options.mode ?? 0, serverVersion: options.serverVersion }
  const disagreements: Disagreement[] = []
  let texts = 0
  let refused = 0
  for (const sql of changedTexts(options)) {
    const theirs = await mariadbVerdictOf(sql, options.connection)
    texts++
    if (theirs.startsWith(SYNTAX_ERROR)) {
      refused++
      continue
    }
    const ours = ourVerdict(sql, parseOptions)
    if (ours !== ACCEPTED) {
      if (await isReadWhole(sql, theirs, options.connection)) disagreements.push({ sql, theirs, ours })
      continue
    }
    const printed = printedAgain(sql, parseOptions)
    const again = await mariadbVerdictOf(printed, options.connection)
    if (again.startsWith(SYNTAX_ERROR))
      disagreements.push({ sql, theirs, ours: `printed ${printed}: ${again}` })
  }
  return { texts, refused, disagreements }
}

const SYNTAX_ERROR = '1064'

/** 'accepted', or the number and message of MariaDB's error. */
export async function mariadbVerdictOf(sql: string, connection: Connection): Promise<string> {
  try {
    await connection.query(`SET @sql = ${literalOf(sql)}`)
    await connection.query('PREPARE s FROM @sql')
    await connection.query('DEALLOCATE PREPARE s')
    return ACCEPTED
  } catch (error) {
    const { errno, message } = error as Error & { errno?: number }
    if (errno === undefined) throw error
    return `${errno} ${message}`
  }
}

/** Errors that MariaDB raises while it still parses say nothing of what follows: they come before a mistake behind it, too. */
async function isReadWhole(sql: string, theirs: string, connection: Connection): Promise<boolean> {
  if (theirs === ACCEPTED) return true
  return (await mariadbVerdictOf(`${sql}\n)`, connection)).startsWith(SYNTAX_ERROR)
}

function printedAgain(sql: string, options: ParseOptions): string {
  return decodeBinary(print(parseStatement(encodeBinary(sql), options), options.mode))
}
