import { parseArgs } from 'node:util'
import { runChaos } from './run.ts'
import type { TestClusterServer } from './world.ts'

const USAGE = `npm run chaos -- [--minutes N] [--server mariadb|mysql] [--seed S]
    16 clients of all kinds against a proxy over real servers, while servers are killed, stopped and cut off and clients
    vanish in every state. Says a line each minute, and at the end what was met.

  --minutes N  how long (60)
  --server S   the shards' servers (mariadb)
  --seed S     the choices to repeat; every run prints its own

The exit code is 1 when something was found that must not be, 2 when the command line is wrong.
`

const { minutes, seed, server } = commandLine()
process.stdout.write(`seed ${seed}\n`)
const say = (line: string) => void process.stdout.write(`${line}\n`)
const { figures, broken } = await runChaos({ seconds: minutes * 60, seed, server, say })
const total = (what: string) => `${figures.of(what)} ${what}`
say([total('statements'), total('connections'), total('commits'), total('lost')].join(', '))
for (const kind of ['act ', 'left ', 'error ', 'trouble ', 'final '])
  say(`${kind.trim()}: ${figures.print(kind)}`)
for (const [what, text] of figures.examples) say(`the first ${what}: ${text}`)
say(
  broken.length === 0 ? 'every invariant held' : `${broken.length} invariants broken:\n${broken.join('\n')}`,
)
process.exit(broken.length === 0 ? 0 : 1)

function commandLine(): {
  readonly minutes: number
  readonly seed: number
  readonly server: TestClusterServer
} {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '60' },
      server: { type: 'string', default: 'mariadb' },
      seed: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(USAGE)
    process.exit(0)
  }
  const minutes = Number(values.minutes)
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(values.seed)
  const { server } = values
  const isServer = server === 'mariadb' || server === 'mysql'
  if (minutes > 0 && Number.isInteger(seed) && isServer) return { minutes, seed, server }
  process.stderr.write(`--minutes and --seed are numbers, --server is mariadb or mysql\n\n${USAGE}`)
  process.exit(2)
}
