import type { Socket } from 'node:net'
import type { Clock } from '../../base/clock.ts'

/** How long a client has to take what was written before, and then to read its last packet and close. */
const FLUSH_MS = 30_000
const LINGER_MS = 2_000

/**
 * Sends `lastBytes` and closes. What the client still sends is read and dropped: closing a socket with unread bytes
 * resets the connection, and the client would lose the error it was sent.
 */
export function closeGently(socket: Socket, clock: Clock, lastBytes?: Buffer): void {
  if (socket.destroyed) return
  let cancel = clock.after(FLUSH_MS, () => socket.destroy())
  socket.once('finish', () => {
    cancel()
    cancel = clock.after(LINGER_MS, () => socket.destroy())
  })
  socket.once('end', () => socket.destroySoon())
  socket.once('close', () => cancel())
  socket.on('data', () => {})
  if (lastBytes === undefined) socket.end()
  else socket.end(lastBytes)
  socket.resume()
}
