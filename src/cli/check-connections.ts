import type { Connection } from 'mysql2/promise'
import { connectControl } from '../tablet/connect-control.ts'
import { printAlias } from '../topology/alias.ts'
import { readSnapshot } from '../topology/read-snapshot.ts'
import { addressOf, type Tablet } from '../topology/records.ts'
import type { TopologySnapshot } from '../topology/snapshot.ts'
import { backendAccess } from './backend-options.ts'
import type { ServeConfig } from './config.ts'
import { openStore } from './open-topology.ts'

/** Reads the topology and logs in to each tablet, as `serve` will. One line for whatever does not answer. */
export async function connectionMistakes(config: ServeConfig): Promise<readonly string[]> {
  const store = openStore(config.topology)
  let snapshot: TopologySnapshot
  try {
    snapshot = await readSnapshot(store)
  } catch (error) {
    return [`topology: ${store.description}: ${(error as Error).message}`]
  } finally {
    await store.close()
  }
  const access = backendAccess(config)
  const found = await Promise.all(
    [...snapshot.tablets.values()].map(async (tablet) => {
      try {
        const connection = await connectControl(tablet, access)
        await endAfter(connection, connection.query({ sql: 'SELECT 1', timeout: config.health.timeout }))
        return []
      } catch (error) {
        return [`${nameOf(tablet)}: ${(error as Error).message}`]
      }
    }),
  )
  return found.flat()
}

/** `tablet zone1-0000000100 of shop/-80 (db1:3306)` */
export function nameOf(tablet: Tablet): string {
  const address = addressOf(tablet)
  const where = address.kind === 'unix' ? address.path : `${address.host}:${address.port}`
  return `tablet ${printAlias(tablet.alias)} of ${tablet.keyspace}/${tablet.shard} (${where})`
}

/** The connection is closed whatever becomes of the work. */
export async function endAfter<T>(connection: Connection, work: Promise<T>): Promise<T> {
  try {
    return await work
  } finally {
    connection.destroy()
  }
}
