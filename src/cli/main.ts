import { Command } from 'commander'
import pkg from '../../package.json' with { type: 'json' }
import { ctlCommand } from './ctl/ctl-command.ts'
import { addHelpCommands } from './help-command.ts'
import { localCommand } from './local/local-command.ts'
import { manageCommand } from './manage-command.ts'
import { serveCommand } from './serve-command.ts'
import { sqlCommand } from './sql/sql-command.ts'

/** The program: what each command does is in its own file; here they only meet. */
const program = new Command('shardgate')
  .description('A MySQL sharding proxy: applications see one MySQL server, the rows live in shards.')
  .version(pkg.version)
  .showHelpAfterError('(--help tells more)')
  .configureHelp({ sortSubcommands: false, showGlobalOptions: true })

// Whoever reads our output may stop reading, as `| head` does; that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

const finish = (exitCode: number) => {
  process.exitCode = exitCode
}

program.addCommand(serveCommand(finish))
program.addCommand(localCommand(finish))
program.addCommand(manageCommand(finish))
program.addCommand(ctlCommand(finish))
program.addCommand(sqlCommand(finish))
addHelpCommands(program)

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`shardgate: ${error instanceof Error ? error.message : String(error)}\n`)
  if (process.env['SHARDGATE_LOG_LEVEL'] === 'debug' && error instanceof Error)
    process.stderr.write(`${error.stack}\n`)
  process.exitCode = 1
}
