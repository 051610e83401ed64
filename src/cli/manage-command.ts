import { Command } from 'commander'
import { systemClock } from '../base/clock.ts'
import { manage } from '../reparent/manager.ts'
import { createLogger } from '../telemetry/log.ts'
import { serverAccess } from './backend-options.ts'
import { ConfigError, loadManageConfig, loadTopologyConfig, settings } from './config-sources.ts'
import { openStore } from './open-topology.ts'
import { processName } from './process-name.ts'
import { addSettings, flagsGiven, type OptionValues } from './setting-options.ts'
import { onStopSignal } from './signals.ts'

/** `shardgate manage`: the controller. `finish` takes the exit code. */
export function manageCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('manage')
    .description("look after the managed shards' servers: replace lost primaries, repair replication")
    .option('-c, --config <file>', 'YAML file with settings (SHARDGATE_CONFIG)')
    .addHelpText('after', HELP)
  addSettings(
    command,
    settings.filter(
      ({ path: [part, name] }) =>
        part === 'manage' ||
        part === 'log_level' ||
        (part === 'topology' && name !== 'cache_file') ||
        (part === 'backend' && name === 'tls'),
    ),
  )
  return command.action(async (options: OptionValues) => {
    const file = (options['config'] as string | undefined) ?? process.env['SHARDGATE_CONFIG']
    const sources = { env: process.env, flags: flagsGiven(options), ...(file !== undefined && { file }) }
    try {
      const config = loadManageConfig(sources)
      const store = openStore(loadTopologyConfig(sources))
      const stop = onStopSignal()
      const keepAlive = setInterval(() => {}, 2 ** 30) // timers here do not keep a process
      const logger = createLogger({ level: config.log_level })
      const { interval, failures, lease, emergency_pause, catch_up } = config.manage
      try {
        await manage(
          {
            ...{ store, logger, clock: systemClock, access: serverAccess(config), by: processName() },
            ...{ intervalMs: interval, failuresMin: failures, leaseMs: lease },
            ...{ emergencyPauseMs: emergency_pause, catchUpMs: catch_up },
          },
          stop.signal,
        )
      } finally {
        await store.close()
        stop.dispose()
        clearInterval(keepAlive)
      }
      finish(0)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      process.stderr.write(`shardgate: ${error.message}\n`)
      finish(2)
    }
  })
}

const HELP = `
Several may run: one of them acts, elected through the topology, and another takes its place when it is
gone. A shard is managed when all of its tablets are (shardgate ctl tablet set-managed ALIAS); the servers
of others are never touched. What was done is in: shardgate ctl events. The privileges that manage.user
needs, and what is done when, are in docs/design/promotion.md.

  topology: {type: etcd, endpoints: [http://etcd:2379]}
  manage: {user: shardgate_manage, password_file: /run/secrets/manage,
           replication_user: repl, replication_password_file: /run/secrets/repl}
`
