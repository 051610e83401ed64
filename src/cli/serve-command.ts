import { Command } from 'commander'
import { connectionMistakes } from './check-connections.ts'
import { fileMistakes } from './config-files.ts'
import { ConfigError, loadConfig, settings } from './config-sources.ts'
import { serve } from './serve.ts'
import { addSettings, flagsGiven, type OptionValues } from './setting-options.ts'

/** `shardgate serve`: its flags are the configuration's leaves. `finish` takes the exit code. */
export function serveCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('serve')
    .description('run the proxy against an existing topology')
    .option('-c, --config <file>', 'YAML file with settings (SHARDGATE_CONFIG)')
    .option('--check', 'only check the configuration and the files it names, print every mistake, and exit')
    .option('--connect', 'with --check: also read the topology and log in to each tablet')
    .addHelpText('after', HELP)
  addSettings(
    command,
    settings.filter(({ path }) => path[0] !== 'manage'), // of another command
  )
  return command.action(async (options: OptionValues) => {
    const file = (options['config'] as string | undefined) ?? process.env['SHARDGATE_CONFIG']
    try {
      const config = loadConfig({
        env: process.env,
        flags: flagsGiven(options),
        ...(file !== undefined && { file }),
      })
      if (!options['check']) return finish(await serve(config))
      const mistakes = await fileMistakes(config)
      if (mistakes.length > 0) throw new ConfigError(mistakes)
      const unreachable = options['connect'] ? await connectionMistakes(config) : []
      for (const line of unreachable) process.stderr.write(`shardgate: ${line}\n`)
      if (unreachable.length === 0) process.stdout.write('the configuration is usable\n')
      finish(unreachable.length === 0 ? 0 : 1)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      process.stderr.write(`shardgate: ${error.message}\n`)
      finish(2)
    }
  })
}

const HELP = `
Each setting can be given in the file, as a variable SHARDGATE_… or as a flag; a flag overrides a
variable, a variable the file. In the file, --listen-port is 'port' under 'listen', and so on.
Durations are written 500ms, 10s, 5m, 8h; sizes 64M, 1G.

  topology: {type: etcd, endpoints: [http://etcd:2379], cache_file: /var/lib/shardgate/topology.json}
  listen: {port: 3306}
  users_file: /etc/shardgate/users.yaml
  backend: {user: shardgate, password_file: /run/secrets/backend}
`
