export interface StopSignal {
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal
  readonly received: Promise<NodeJS.Signals>
  dispose(): void
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const IMPATIENT_AFTER_MS = 500

/** The first signal asks for an orderly end, a second one (not the echo of the first) ends the process at once. */
export function onStopSignal(): StopSignal {
  const controller = new AbortController()
  let firstMs = 0
  let resolve: (signal: NodeJS.Signals) => void = () => {}
  const received = new Promise<NodeJS.Signals>((r) => {
    resolve = r
  })
  const onSignal = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      if (performance.now() - firstMs > IMPATIENT_AFTER_MS) process.exit(130)
      return
    }
    firstMs = performance.now()
    controller.abort(new Error(`stopped by ${signal}`))
    resolve(signal)
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  const forgetNpm = watchNpm(() => onSignal('SIGTERM'))
  return {
    signal: controller.signal,
    received,
    dispose: () => {
      forgetNpm()
      for (const signal of SIGNALS) process.off(signal, onSignal)
    },
  }
}

const PARENT_POLL_MS = 250

/**
 * `npm run` passes SIGTERM to the shell between it and us, which ends without passing it on; all we see is that our
 * parent has changed. Started in another way, a lost parent means nothing (nohup, a closed terminal).
 */
function watchNpm(onLost: () => void): () => void {
  if (process.env['npm_lifecycle_event'] === undefined) return () => {}
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    onLost()
  }, PARENT_POLL_MS)
  timer.unref()
  return () => clearInterval(timer)
}
