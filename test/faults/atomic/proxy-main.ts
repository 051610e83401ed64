import { readFileSync } from 'node:fs'
import { configSchema } from '../../../src/cli/config.ts'
import { followTopology, openStore } from '../../../src/cli/open-topology.ts'
import { startProxy } from '../../../src/cli/proxy.ts'
import { createLogger } from '../../../src/telemetry/log.ts'
import type { CommitStep } from '../../../src/transaction/atomic-commits.ts'

/** What the parent asks of the next commit that comes to the step. */
export interface Arm {
  readonly step: CommitStep
  /** 'proxy': it is gone there and then; 'server': the parent is told, and the commit waits until it says `go`. */
  readonly victim: 'proxy' | 'server'
}

export type ToParent =
  | { readonly kind: 'Listening'; readonly port: number }
  | { readonly kind: 'Reached'; readonly shard: string }

/** The proxy of `serve` in a process of its own, which its parent may end at any step of a commit. Argument: its configuration. */
const config = configSchema.parse(JSON.parse(readFileSync(process.argv[2]!, 'utf8')))
const logger = createLogger({ level: config.log_level })
const topology = followTopology(openStore(config.topology), undefined, logger)
await topology.start()

let armed: Arm | undefined
let go: () => void = () => {}
process.on('message', (message: Arm | 'go') => {
  if (message === 'go') go()
  else armed = message
})
process.on('disconnect', () => process.exit())

const proxy = await startProxy({
  config,
  topology,
  logger,
  workerNumber: 0,
  onCommitStep: async (step, shard) => {
    if (armed?.step !== step) return
    const { victim } = armed
    armed = undefined
    if (victim === 'proxy') process.kill(process.pid, 'SIGKILL')
    const gone = new Promise<void>((resolve) => {
      go = resolve
    })
    tell({ kind: 'Reached', shard })
    await gone
  },
})
tell({ kind: 'Listening', port: proxy.port })

function tell(message: ToParent): void {
  process.send!(message)
}
