import { Command } from 'commander'
import { parseRules } from '../../session/rules/parse-rules.ts'
import { readJsonFile, withTopology } from './ctl-context.ts'

/** `ctl rules …` */
export function queryRulesCommand(): Command {
  const rules = new Command('rules').description('what becomes of statements: refuse, log, timeout, throttle')
  rules
    .command('show')
    .description('print the query rules')
    .action((_options, command: Command) =>
      withTopology(command, async ({ admin, print }) => {
        const found = (await admin.snapshot()).queryRules ?? { rules: [] }
        print(found, `${JSON.stringify(found, null, 2)}\n`)
      }),
    )
  rules
    .command('set <file>')
    .description('check query rules and put them in the place of those there are; - reads stdin')
    .action((file: string, _options, command: Command) =>
      withTopology(command, async ({ admin, print }) => {
        const json = readJsonFile(file)
        const { length } = parseRules(json)
        await admin.put({ kind: 'QueryRules' }, json)
        print({ applied: length }, `${length} query rules apply\n`)
      }),
    )
  rules
    .command('remove')
    .description('take all query rules away')
    .action((_options, command: Command) =>
      withTopology(command, async ({ admin, print }) => {
        await admin.removeQueryRules()
        print({ removed: true }, 'no query rules apply\n')
      }),
    )
  return rules
}
