import { Command } from 'commander'
import { judge, type Proposal } from './check-vschema.ts'
import { type CtlContext, readJsonFile, withTopology } from './ctl-context.ts'

/** `ctl vschema …` */
export function vschemaCommand(): Command {
  const vschema = new Command('vschema').description("tables and vindexes of keyspaces, in Vitess's JSON")
  vschema
    .command('get <keyspace>')
    .description('print the VSchema of a keyspace')
    .action((keyspace: string, _options, command: Command) =>
      withTopology(command, async ({ admin, print }) => {
        const snapshot = await admin.snapshot()
        const found = snapshot.vschemas.get(keyspace)
        if (found === undefined)
          throw new Error(
            snapshot.keyspaces.has(keyspace)
              ? `keyspace ${keyspace} has no VSchema; give it one with: shardgate ctl vschema apply ${keyspace} FILE`
              : `keyspace ${keyspace} does not exist`,
          )
        print(found, pretty(found))
      }),
    )
  for (const isApplied of [true, false]) {
    vschema
      .command(`${isApplied ? 'apply' : 'validate'} <keyspace> <file>`)
      .description(`${isApplied ? 'check a VSchema and put it in place' : 'check a VSchema'}; - reads stdin`)
      .option('--allow-unknown', 'only warn of fields that are not in the format; serving passes over them')
      .action((keyspace: string, file: string, options: CheckOptions, command: Command) =>
        withTopology(command, async (context) => {
          const json = readJsonFile(file)
          await check(context, `the VSchema of ${keyspace}`, { vschema: { keyspace, json } }, options)
          if (isApplied) await context.admin.put({ kind: 'VSchema', keyspace }, json)
          report(context, isApplied, `the VSchema of ${keyspace}`)
        }),
      )
  }
  return vschema
}

/** `ctl routing-rules …` and `ctl shard-routing-rules …` */
export function rulesCommand(name: 'routing-rules' | 'shard-routing-rules'): Command {
  const kind = name === 'routing-rules' ? 'RoutingRules' : 'ShardRoutingRules'
  const what = name === 'routing-rules' ? 'the routing rules' : 'the shard routing rules'
  const rules = new Command(name).description(
    name === 'routing-rules' ? 'which table stands for which' : 'which keyspace serves which shard',
  )
  rules
    .command('get')
    .description(`print ${what}`)
    .action((_options, command: Command) =>
      withTopology(command, async ({ admin, print }) => {
        const snapshot = await admin.snapshot()
        const found = kind === 'RoutingRules' ? snapshot.routingRules : snapshot.shardRoutingRules
        print(found, pretty(found))
      }),
    )
  for (const isApplied of [true, false]) {
    rules
      .command(`${isApplied ? 'apply' : 'validate'} <file>`)
      .description(`${isApplied ? `check ${what} and put them in place` : `check ${what}`}; - reads stdin`)
      .action((file: string, _options, command: Command) =>
        withTopology(command, async (context) => {
          const json = readJsonFile(file)
          await check(
            context,
            what,
            kind === 'RoutingRules' ? { routingRules: json } : { shardRoutingRules: json },
          )
          if (isApplied) await context.admin.put({ kind }, json)
          report(context, isApplied, what)
        }),
      )
  }
  return rules
}

interface CheckOptions {
  readonly allowUnknown?: true
}

/** Throws for mistakes; warnings go to stderr. */
async function check(
  { admin }: CtlContext,
  what: string,
  proposal: Proposal,
  options: CheckOptions = {},
): Promise<void> {
  const { problems, warnings } = judge(await admin.snapshot(), proposal, {
    allowUnknown: options.allowUnknown ?? false,
  })
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`)
  if (problems.length === 0) return
  const list = problems.map((problem) => `\n  ${problem}`).join('')
  throw new Error(`${what} ${what.endsWith('s') ? 'have' : 'has'} mistakes; nothing was changed:${list}`)
}

function report({ print }: CtlContext, isApplied: boolean, what: string): void {
  const done = isApplied ? 'applied' : 'valid'
  print({ [done]: true }, isApplied ? `applied ${what}\n` : `no mistakes in ${what}\n`)
}

function pretty(json: unknown): string {
  return `${JSON.stringify(json, null, 2)}\n`
}
