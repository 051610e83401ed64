import net, { type Socket, type TcpSocketConnectOpts } from 'node:net'

/**
 * Where the bytes of all servers land: nothing is allocated for a read, and what is kept of it is copied. Larger than
 * the 64 KiB that Node reads at once: half the reads and writes for those who send much.
 */
const landing = Buffer.allocUnsafeSlow(128 * 1024)

/**
 * A connection whose bytes are told by the event `landed`; they are overwritten when its listener has returned. As long as it
 * has none, and only then, they are told by `data`, as of any socket.
 */
export function connectLanding(to: { readonly path: string } | TcpSocketConnectOpts): Socket {
  const callback = (bytes: number): boolean => {
    const landed = landing.subarray(0, bytes)
    return socket.emit('landed', landed) || socket.emit('data', copied(landed))
  }
  const socket: Socket = net.connect({ ...to, onread: { buffer: landing, callback } })
  return socket
}

export function copied(bytes: Buffer): Buffer {
  const own = Buffer.allocUnsafe(bytes.length)
  bytes.copy(own)
  return own
}
