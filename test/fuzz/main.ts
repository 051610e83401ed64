import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { parseServerVersion } from '../../src/session/server-version.ts'
import { parseSqlMode } from '../../src/sql/sql-mode.ts'
import { startMariadb, startMysql } from '../support/mysql.ts'
import { mariadbStatements, mysqlStatements } from '../unit/sql/statements.ts'
import { compareWithMariadb } from './mariadb-oracle.ts'
import { fuzzSql } from './sql.ts'
import { compareWithMysql } from './sql-oracle.ts'

const USAGE = `npm run fuzz -- sql [--seconds N] [--seed S]
    Random statements and texts: no crash, no hang, no print that parses differently.
npm run fuzz -- sql --mysql|--mariadb [--statements FILE] [--only WORD] [--mode MODES] [--seconds N] [--seed S]
    Changed statements (FILE: JSON lines with "sql"; WORD: those that begin with it), held against a real server's parser
    under a sql_mode; MySQL also tells whether it reads the printed text as it reads the statement.
`

/** Exit code 1 when something was found. */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string' },
    mysql: { type: 'boolean', default: false },
    mariadb: { type: 'boolean', default: false },
    mode: { type: 'string', default: '' },
    statements: { type: 'string' },
    only: { type: 'string' },
  },
})
if (positionals[0] !== 'sql') {
  process.stderr.write(USAGE)
  process.exit(2)
}
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(values.seed)
const durationMs = Number(values.seconds) * 1000
process.stdout.write(`seed ${seed}\n`)
process.exit((await (values.mysql || values.mariadb ? againstServer() : alone())) > 0 ? 1 : 0)

async function alone(): Promise<number> {
  const { texts, accepted, findings } = fuzzSql({ seed, durationMs })
  for (const { sql, options, what } of findings) {
    process.stdout.write(`\n${JSON.stringify(sql)}\n${JSON.stringify(options)}\n${what}\n`)
  }
  process.stdout.write(`${texts} texts, ${accepted} of them statements, ${findings.length} findings\n`)
  return findings.length
}

async function againstServer(): Promise<number> {
  const server = await (values.mariadb ? startMariadb() : startMysql())
  const connection = await server.connect()
  await connection.query('CREATE DATABASE d')
  await connection.changeUser({ database: 'd' })
  // The driver asks for IGNORE_SPACE.
  await connection.query('SET sql_mode = ?', [values.mode])
  const compare = values.mariadb ? compareWithMariadb : compareWithMysql
  const { texts, refused, disagreements } = await compare({
    seed,
    durationMs,
    statements: chosenStatements(),
    connection,
    serverVersion: parseServerVersion(server.version).number,
    mode: parseSqlMode(values.mode),
  })
  await connection.end()
  await server.close()
  for (const { sql, theirs, ours } of disagreements) {
    process.stdout.write(`\n${JSON.stringify(sql)}\n  server: ${theirs}\n  ours:   ${ours}\n`)
  }
  process.stdout.write(
    `${texts} texts, ${refused} refused by the server, ${disagreements.length} judged differently\n`,
  )
  return disagreements.length
}

function chosenStatements(): readonly string[] {
  const all = values.statements === undefined ? knownStatements() : readStatements(values.statements)
  const word = values.only
  return word === undefined ? all : all.filter((sql) => new RegExp(`^\\s*${word}\\b`, 'i').test(sql))
}

function knownStatements(): readonly string[] {
  return values.mariadb ? [...mariadbStatements, ...mysqlStatements] : mysqlStatements
}

function readStatements(file: string): string[] {
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  return lines.map((line) => (JSON.parse(line) as { sql: string }).sql)
}
