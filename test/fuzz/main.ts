import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { parseServerVersion } from '../../src/session/server-version.ts'
import { startMysql } from '../support/mysql.ts'
import { mysqlStatements } from '../unit/sql/statements.ts'
import { fuzzSql } from './sql.ts'
import { compareWithMysql } from './sql-oracle.ts'

const USAGE = `npm run fuzz -- sql [--seconds N] [--seed S]
    Random statements and texts: no crash, no hang, no print that parses differently.
npm run fuzz -- sql --mysql [--statements FILE] [--only WORD] [--seconds N] [--seed S]
    Changed statements (FILE: JSON lines with "sql"; WORD: those that begin with it), held against a real MySQL's parser.
`

/** Exit code 1 when something was found. */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string' },
    mysql: { type: 'boolean', default: false },
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
process.exit((await (values.mysql ? againstMysql() : alone())) > 0 ? 1 : 0)

async function alone(): Promise<number> {
  const { texts, accepted, findings } = fuzzSql({ seed, durationMs })
  for (const { sql, options, what } of findings) {
    process.stdout.write(`\n${JSON.stringify(sql)}\n${JSON.stringify(options)}\n${what}\n`)
  }
  process.stdout.write(`${texts} texts, ${accepted} of them statements, ${findings.length} findings\n`)
  return findings.length
}

async function againstMysql(): Promise<number> {
  const server = await startMysql()
  const connection = await server.connect()
  await connection.query('CREATE DATABASE d')
  await connection.changeUser({ database: 'd' })
  const serverVersion = parseServerVersion(server.version).number
  const { texts, refused, disagreements } = await compareWithMysql({
    seed,
    durationMs,
    statements: chosenStatements(),
    connection,
    serverVersion,
  })
  await connection.end()
  await server.close()
  for (const { sql, mysql, ours } of disagreements) {
    process.stdout.write(`\n${JSON.stringify(sql)}\n  MySQL: ${mysql}\n  ours:  ${ours}\n`)
  }
  process.stdout.write(
    `${texts} texts, ${refused} refused by MySQL, ${disagreements.length} judged differently\n`,
  )
  return disagreements.length
}

function chosenStatements(): readonly string[] {
  const all = values.statements === undefined ? mysqlStatements : readStatements(values.statements)
  const word = values.only
  return word === undefined ? all : all.filter((sql) => new RegExp(`^\\s*${word}\\b`, 'i').test(sql))
}

function readStatements(file: string): string[] {
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  return lines.map((line) => (JSON.parse(line) as { sql: string }).sql)
}
