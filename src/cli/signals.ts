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
  return {
    signal: controller.signal,
    received,
    dispose: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal)
    },
  }
}
