import { systemClock } from '../base/clock.ts'
import { SqlError } from '../errors/sql-error.ts'
import type { DatabaseEditor } from '../session/proxy-context.ts'
import { TopologyAdmin } from '../topology/admin.ts'
import type { TopologySnapshot, TopologyView } from '../topology/snapshot.ts'
import { TopologyError, type TopologyStore } from '../topology/store.ts'
import { SEEN_MS, seenInTopology } from './seen-in-topology.ts'

/** Undefined where no keyspace is named to make others beside. */
export function databaseEditor(
  store: TopologyStore,
  topology: TopologyView,
  beside: string | undefined,
): DatabaseEditor | undefined {
  if (beside === undefined) return undefined
  const admin = new TopologyAdmin(store)
  return {
    beside,
    create: (keyspace) => told(keyspace, () => admin.createKeyspaceBeside(keyspace, beside)),
    obstacle: (keyspace) => obstacleOf(topology.current(), keyspace, beside),
    drop: (keyspace) => told(keyspace, () => admin.deleteKeyspace(keyspace, { isRecursive: true })),
    async untilServed(keyspace, isServed) {
      const isSeen = ({ keyspaces }: TopologySnapshot) => keyspaces.has(keyspace) === isServed
      if (await seenInTopology(topology, systemClock, isSeen)) return
      const message = `The topology has taken the change, but this proxy has not heard of it within ${SEEN_MS / 1000} s`
      throw new SqlError('ER_UNKNOWN_ERROR', message)
    },
  }
}

function obstacleOf({ keyspaces }: TopologySnapshot, keyspace: string, beside: string): string | undefined {
  if (keyspace === beside) return 'new databases are made beside it'
  const hosts = (name: string) =>
    [...(keyspaces.get(name)?.shards.values() ?? [])].flatMap(({ tablets }) =>
      tablets.map(({ hostname, mysql_hostname, mysql_port, unix_socket }) =>
        JSON.stringify([mysql_hostname ?? hostname, mysql_port, unix_socket]),
      ),
    )
  const known = new Set(hosts(beside))
  const isBeside =
    keyspaces.get(keyspace)?.shards.size === 1 && hosts(keyspace).every((host) => known.has(host))
  return isBeside ? undefined : `it is not on the servers of '${beside}' alone`
}

async function told(keyspace: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof TopologyError)) throw error
    if (error.kind === 'exists')
      throw new SqlError('ER_DB_CREATE_EXISTS', `Can't create database '${keyspace}'; database exists`)
    throw new SqlError('ER_UNKNOWN_ERROR', `Keyspace '${keyspace}': ${error.message}`, { cause: error })
  }
}
