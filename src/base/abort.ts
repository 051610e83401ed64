/**
 * What may end a wait before its time. `signal` may be a getter: making an AbortSignal costs more than a whole point select,
 * so that it is asked for by whoever really waits.
 */
export interface Cancellation {
  readonly signal: AbortSignal
  /** How urgent the work is that would wait: 0 is most urgent, and nothing the default. */
  readonly priority?: number | undefined
}

/** The same of work that others may be waiting for. */
export function urgently(cancel: Cancellation): Cancellation {
  return {
    get signal() {
      return cancel.signal
    },
    priority: 0,
  }
}

/**
 * What `pending` resolves to, unless `signal` is aborted before: then its reason is thrown, and `late` gets what comes too
 * late, for it must not be lost.
 */
export function unlessAborted<T>(
  pending: Promise<T>,
  signal: AbortSignal | undefined,
  late: (value: T) => void = () => {},
): Promise<T> {
  if (signal === undefined) return pending
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    pending.then(
      (value) => {
        signal.removeEventListener('abort', abort)
        if (signal.aborted) late(value)
        else resolve(value)
      },
      (error) => {
        signal.removeEventListener('abort', abort)
        reject(error)
      },
    )
  })
}
