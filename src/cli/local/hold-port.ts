import { type AddressInfo, createServer } from 'node:net'

/** A port that nobody else can listen on until it is let go. */
export interface HeldPort {
  readonly port: number
  release(): Promise<void>
}

/**
 * Holds the proxy's port while the servers behind it start: of two clusters that are started at once for one port, one is
 * refused before it has started anything. Rejects naming the option that is in the way.
 */
export async function holdPort(port: number, host: string): Promise<HeldPort> {
  const server = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(refusal(port, host, error)))
    server.listen(port, host, resolve)
  })
  let closing: Promise<void> | undefined
  return {
    port: (server.address() as AddressInfo).port,
    release() {
      closing ??= new Promise((resolve) => server.close(() => resolve()))
      return closing
    },
  }
}

function refusal(port: number, host: string, error: NodeJS.ErrnoException): Error {
  const text =
    error.code === 'EADDRINUSE'
      ? `port ${port} of ${host} is in use; choose another with --port`
      : `--host ${host} cannot be listened on: ${error.message}`
  return new Error(text, { cause: error })
}
