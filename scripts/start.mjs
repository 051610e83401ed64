// Runs shardgate from a clone in whatever state it is: `npm run local`, `npm run shardgate -- ctl show`.
import { prepareEtcd, prepareMariadb } from './install-servers.mjs'
import { bundle, prepareBundle, preparePackages } from './prepare.mjs'

const args = process.argv.slice(2)

try {
  preparePackages()
  prepareBundle()
  if (args[0] === 'local' && !args.includes('--help') && !args.includes('-h')) prepareServers()
} catch (error) {
  process.stderr.write(`shardgate: ${error.message}\n`)
  process.exit(1)
}

// In this process, so that signals and the exit code are the program's own.
process.argv = [process.execPath, bundle, ...args]
await import(bundle)

/** What is still missing afterwards is told by the command itself, which knows whether it is needed. */
function prepareServers() {
  if (option('--mysqld') === undefined) prepareMariadb()
  if (option('--topology') !== 'files') prepareEtcd()
}

function option(name) {
  const at = args.findIndex((arg) => arg === name || arg.startsWith(`${name}=`))
  if (at < 0) return undefined
  return args[at] === name ? args[at + 1] : args[at].slice(name.length + 1)
}
