import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { parseServerVersion } from '../../src/session/server-version.ts'
import { parseSqlMode, unknownSqlMode } from '../../src/sql/sql-mode.ts'
import { startMariadb, startMysql } from '../support/mysql.ts'
import { connectToParser } from '../support/parser-connection.ts'
import { mariadbStatements, mysqlStatements } from '../unit/sql/statements.ts'
import { compareWithMariadb } from './mariadb-oracle.ts'
import { fuzzSql } from './sql.ts'
import { compareWithMysql } from './sql-oracle.ts'

const USAGE = `npm run fuzz -- sql [--seconds N] [--seed S]
    Random statements and texts: no crash, no hang, no print that parses differently, no literal in a fingerprint.
npm run fuzz -- sql --mysql|--mariadb [--statements FILE] [--only WORD] [--mode MODES] [--seconds N] [--seed S]
    Changed statements, held against the parser of a real server, which is started and stopped. Both tell what must not be
    refused; MySQL also where the syntax errors are, and whether it reads the printed text as it reads the statement.
    SHARDGATE_TEST_MYSQLD names the MySQL server; mariadbd is taken from PATH.

  --seconds N        how long (60)
  --seed S           the run to repeat; every run prints its own
  --statements FILE  what to change: JSON lines with "sql" (the statements of the tests)
  --only WORD        those of them that begin with the word
  --mode MODES       sql_mode to read them under (none)

npm run fuzz -- select --help tells of random SELECTs over shards.
The exit code is 1 when something was found, 2 when the command line is wrong.
`

const { values, positionals } = commandLine()
if (values.help) {
  process.stdout.write(USAGE)
  process.exit(0)
}
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(values.seed)
const durationMs = Number(values.seconds) * 1000
if (positionals.join(' ') !== 'sql') misused('say what to try: sql, select')
if (!(durationMs > 0)) misused(`--seconds ${values.seconds} is no time`)
if (!Number.isInteger(seed)) misused(`--seed ${values.seed} is no whole number`)
if (values.mysql && values.mariadb) misused('--mysql or --mariadb, one at a time')
const unknownMode = unknownSqlMode(values.mode)
if (unknownMode !== undefined) misused(`--mode: no server knows ${unknownMode}`)
process.stdout.write(`seed ${seed}\n`)
process.exit((await (values.mysql || values.mariadb ? againstServer() : alone())) > 0 ? 1 : 0)

function commandLine() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        seconds: { type: 'string', default: '60' },
        seed: { type: 'string' },
        mysql: { type: 'boolean', default: false },
        mariadb: { type: 'boolean', default: false },
        mode: { type: 'string', default: '' },
        statements: { type: 'string' },
        only: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    return misused((error as Error).message)
  }
}

function misused(why: string): never {
  process.stderr.write(`fuzz: ${why}\n\n${USAGE}`)
  process.exit(2)
}

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
  const connection = await connectToParser(server, values.mode)
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
