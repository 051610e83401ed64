import { parseArgs } from 'node:util'
import { runChaos } from './run.ts'

const USAGE = `npm run chaos -- [--minutes N] [--seed S]
    16 clients of all kinds against a proxy over real servers, while servers are killed, stopped and cut off and clients
    vanish in every state. Says a line each minute, and at the end what was met.

  --minutes N  how long (60)
  --seed S     the choices to repeat; every run prints its own

The exit code is 1 when something was found that must not be, 2 when the command line is wrong.
`

const { minutes, seed } = commandLine()
process.stdout.write(`seed ${seed}\n`)
const say = (line: string) => void process.stdout.write(`${line}\n`)
const { figures, broken } = await runChaos({ seconds: minutes * 60, seed, say })
const total = (what: string) => `${figures.of(what)} ${what}`
say([total('statements'), total('connections'), total('commits'), total('lost')].join(', '))
for (const kind of ['act ', 'left ', 'error ', 'trouble ', 'final '])
  say(`${kind.trim()}: ${figures.print(kind)}`)
for (const [what, text] of figures.examples) say(`the first ${what}: ${text}`)
say(
  broken.length === 0 ? 'every invariant held' : `${broken.length} invariants broken:\n${broken.join('\n')}`,
)
process.exit(broken.length === 0 ? 0 : 1)

function commandLine(): { readonly minutes: number; readonly seed: number } {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '60' },
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
  if (minutes > 0 && Number.isInteger(seed)) return { minutes, seed }
  process.stderr.write(`--minutes and --seed are numbers\n\n${USAGE}`)
  process.exit(2)
}
