/**
 * What may end a wait before its time. `signal` may be a getter: making an AbortSignal costs more than a whole point select,
 * so that it is asked for by whoever really waits.
 */
export interface Cancellation {
  readonly signal: AbortSignal
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
