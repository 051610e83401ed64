import { Command } from 'commander'
import { settings } from '../config-sources.ts'
import { addSettings } from '../setting-options.ts'
import { checkCommand } from './check-command.ts'
import { withTopology } from './ctl-context.ts'
import { eventsCommand } from './events-command.ts'
import { cellCommand, keyspaceCommand, shardCommand } from './keyspace-commands.ts'
import { lookupCommand } from './lookup/lookup-command.ts'
import { queryRulesCommand } from './query-rules-command.ts'
import { reparentCommand } from './reparent-commands.ts'
import { printTopology, topologyJson } from './show.ts'
import { tabletCommand } from './tablet-commands.ts'
import { userCommand } from './user-commands.ts'
import { vindexCommand } from './vindex-commands.ts'
import { rulesCommand, vschemaCommand } from './vschema-commands.ts'

/** `shardgate ctl`: administers the topology that its options name; by default an etcd on this machine. `finish` takes the exit code. */
export function ctlCommand(finish: (exitCode: number) => void): Command {
  const ctl = new Command('ctl')
    .description('administer the topology')
    .option('--json', 'print JSON instead of tables')
    .option('-c, --config <file>', "take the topology from a proxy's configuration (SHARDGATE_CONFIG)")
    .option('--local <data-dir>', 'the topology of a cluster of `shardgate local`')
  addSettings(
    ctl,
    settings.filter((setting) => setting.path[0] === 'topology' && setting.path[1] !== 'cache_file'),
  )
  ctl
    .command('show')
    .description('the whole topology')
    .action((_options, command: Command) =>
      withTopology(command, async ({ admin, print }) => {
        const snapshot = await admin.snapshot()
        print(topologyJson(snapshot), printTopology(snapshot))
      }),
    )
  const parts = [cellCommand(), keyspaceCommand(), shardCommand(), tabletCommand(), vschemaCommand()]
  const more = [
    rulesCommand('routing-rules'),
    rulesCommand('shard-routing-rules'),
    queryRulesCommand(),
    vindexCommand(),
  ]
  const last = [
    lookupCommand(finish),
    userCommand(),
    reparentCommand(),
    eventsCommand(),
    checkCommand(finish),
  ]
  for (const part of [...parts, ...more, ...last]) ctl.addCommand(part)
  return ctl
}
