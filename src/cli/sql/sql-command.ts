import { readFile } from 'node:fs/promises'
import { Command } from 'commander'
import { parseServerVersion } from '../../session/server-version.ts'
import type { ParseOptions } from '../../sql/parse.ts'
import { parseSqlMode } from '../../sql/sql-mode.ts'
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
    .argument('[statement...]', 'each may hold several statements')
    .option('-f, --file <file>', 'read statements from a file')
    .option('--stdin', 'read JSON lines {"sql": …, "sqlMode": …} from the standard input')
    .option('--json', 'one JSON object a line')
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
        mode: parseSqlMode(options.sqlMode),
        serverVersion: parseServerVersion(options.serverVersion).number,
        allowParams: options.bindVariables ? 'named' : options.prepared === true,
        passedOn: 'check',
      } as const
      if (options.stdin) await describeLines(process.stdin, process.stdout, parseOptions, formatOf(options))
      else finish(await describeTexts(await textsOf(statements, options), parseOptions, formatOf(options)))
    })
}

const HELP = `
  shardgate sql "select c from sbtest1 where id in (1, 2)"
  shardgate sql --file queries.sql --json
  shardgate sql --stdin --json < statements.jsonl     one line of output for each line of input

The exit code is 1 when a statement is refused; with --stdin it is 0, for there the refusals are data.
`

async function textsOf(statements: readonly string[], options: Options): Promise<readonly string[]> {
  const texts = [...statements]
  if (options.file !== undefined) texts.push(await readFile(options.file, 'utf8'))
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
  const descriptions = texts.flatMap((text) => describeEach(text, options))
  process.stdout.write(descriptions.map(format).join(''))
  return descriptions.every((description) => description.ok) ? 0 : 1
}
