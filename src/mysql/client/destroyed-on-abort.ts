import type { Socket } from 'node:net'

/**
 * What `connecting` resolves to; an abort before that destroys its socket, with the abort's reason for an error, so that
 * whoever connects on it fails at once. A socket that waits for a server's greeting would keep the process until it times out.
 */
export async function destroyedOnAbort<T>(
  socket: Socket,
  connecting: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  const abort = () => socket.destroy(signal!.reason)
  if (signal?.aborted === true) abort()
  signal?.addEventListener('abort', abort, { once: true })
  try {
    return await connecting
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}
