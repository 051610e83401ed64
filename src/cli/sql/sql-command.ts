import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { text as readText } from 'node:stream/consumers'
import { Command } from 'commander'
import { parseServerVersion } from '../../session/server-version.ts'
import type { ParseOptions } from '../../sql/parse.ts'
import { parseSqlMode, type SqlMode, unknownSqlMode } from '../../sql/sql-mode.ts'
import { type Description, describeEach } from './describe-statement.ts'
import { formatDescription, formatJson } from './format.ts'
import { describeLines } from './json-lines.ts'

interface Options {
  readonly file?: string
  readonly stdin?: true
  readonly json?: true
  readonly prepared?: true
  readonly bindVariables?: true
  readonly sqlMode: string
  readonly serverVersion: string
}

/** `shardgate sql`: shows what the proxy understands of statements. `finish` takes the exit code. */
export function sqlCommand(finish: (exitCode: number) => void): Command {
  return new Command('sql')
    .description('show what the proxy understands of SQL statements')
    .argument('[statement...]', 'each may hold several statements; behind -- one may begin with a dash')
    .option('-f, --file <file>', 'read statements from a file; - is the standard input')
    .option('--stdin', 'read JSON lines {"sql": …, "sqlMode": …} from the standard input')
    .option('--json', 'print one JSON object a line')
    .option('--prepared', 'read as prepared statements, in which ? stands for a value')
    .option(
      '--bind-variables',
      'as --prepared, and with the :name and ::list of vtgate’s normalised statements',
    )
    .option('--sql-mode <modes>', 'as the variable sql_mode: ANSI_QUOTES, PIPES_AS_CONCAT …', '')
    .option('--server-version <version>', 'read as this server would: 8.0.36, 10.11.6-MariaDB', '9.7.0')
    .addHelpText('after', HELP)
    .action(async (statements: readonly string[], options: Options) => {
      const parseOptions = {
        mode: modeOf(options.sqlMode),
        serverVersion: versionOf(options.serverVersion),
        allowParams: options.bindVariables ? 'named' : options.prepared === true,
        passedOn: 'check',
      } as const
      if (!options.stdin) {
        finish(await describeTexts(await textsOf(statements, options), parseOptions, formatOf(options)))
      } else if (statements.length > 0 || options.file !== undefined) {
        throw new Error('--stdin reads the standard input only: give no statement and no --file with it')
      } else await describeLines(process.stdin, process.stdout, parseOptions, formatOf(options))
    })
}

function modeOf(text: string): SqlMode {
  const unknown = unknownSqlMode(text)
  if (unknown !== undefined) throw new Error(`--sql-mode: no server knows ${unknown}`)
  return parseSqlMode(text)
}

function versionOf(text: string): number {
  if (!/^\d+\.\d+/.test(text)) throw new Error(`--server-version: ${text} is no version such as 8.0.36`)
  return parseServerVersion(text).number
}

const HELP = `
  shardgate sql "select c from sbtest1 where id in (1, 2)"
  shardgate sql --file queries.sql --json
  shardgate sql --stdin --json < statements.jsonl     one line of output for each line of input

Of each statement it shows its kind; its fingerprint, which logs and statistics show; the literals that the fingerprint
leaves out; its tables; and its text as printed from the parsed tree, or, where the proxy passes it on whole, as written.
In a fingerprint stand :int, :dec, :float, :str, :hex and :bit for literals, (:list) for the list of an IN, (:rows2) for
rows of two values; a colon of the text itself is doubled.

Statements are parsed as the proxy does, and those that it passes on to the servers unparsed (DDL, accounts, stored
programs) are held against MySQL's grammar, too; of a MariaDB version they are MariaDB's to judge. "at line" says on which
line of the text a refused statement begins, the line at the message's end counts from there.

The exit code is 1 when a statement is refused; with --stdin it is 0, for there the refusals are data.
`

async function textsOf(statements: readonly string[], options: Options): Promise<readonly string[]> {
  const texts = [...statements]
  if (options.file === '-') texts.push(await readText(process.stdin))
  else if (options.file !== undefined) texts.push(await readFile(options.file, 'utf8'))
  if (texts.length === 0) throw new Error('give a statement, --file or --stdin')
  return texts
}

function formatOf(options: Options): (description: Description) => string {
  return options.json ? formatJson : formatDescription
}

async function describeTexts(
  texts: readonly string[],
  options: ParseOptions,
  format: (description: Description) => string,
): Promise<number> {
  let exitCode = 0
  for (const text of texts) {
    for (const description of describeEach(text, options)) {
      if (!description.ok) exitCode = 1
      if (!process.stdout.write(format(description))) await once(process.stdout, 'drain')
    }
  }
  return exitCode
}
