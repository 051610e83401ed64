import { afterEach } from 'vitest'

/** Connects clients by `connect`; those of a test are gone when it ends. For the top of a file of tests. */
export function clientsBy<A extends readonly unknown[], C extends { destroy(): void }>(
  connect: (...args: A) => Promise<C>,
): (...args: A) => Promise<C> {
  const connected: C[] = []
  afterEach(() => {
    for (const each of connected.splice(0)) each.destroy()
  })
  return async (...args) => {
    const client = await connect(...args)
    connected.push(client)
    return client
  }
}
