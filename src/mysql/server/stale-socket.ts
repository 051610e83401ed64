import { lstat, unlink } from 'node:fs/promises'
import { connect } from 'node:net'

/**
 * Removes the socket file that a killed process left at `path`. Rejects with EADDRINUSE when a server still answers
 * there, or when the file is something else than a socket.
 *
 * `MysqlServer` does so itself, except in a worker of a cluster: there it is for the parent to do before it forks.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const stat = await lstat(path).catch(ignoreMissing)
  if (stat === undefined) return
  if (!stat.isSocket() || (await answers(path))) {
    const what = stat.isSocket() ? 'a server is listening on it' : 'it is not a socket'
    throw Object.assign(new Error(`cannot listen on ${path}: ${what}`), { code: 'EADDRINUSE' })
  }
  await unlink(path).catch(ignoreMissing)
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    const done = (answer: boolean) => (): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', done(true)).once('error', done(false))
  })
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
  return undefined
}
