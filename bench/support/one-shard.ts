import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestServer } from '../../test/support/mysql.ts'

/**
 * A sharded keyspace with one shard on a server, whose one table is placed by `id`, in files below `dir`. Returns the configuration of
 * a proxy over it, but for where it listens; its account is the server's.
 */
export function writeOneShard(
  dir: string,
  server: Pick<TestServer, 'host' | 'port' | 'account'>,
  { keyspace, table }: { readonly keyspace: string; readonly table: string },
) {
  const topology = join(dir, 'topology')
  mkdirSync(join(topology, keyspace), { recursive: true })
  const write = (path: string, content: unknown) => writeFileSync(join(dir, path), JSON.stringify(content))
  const tablet = { hostname: server.host, mysql_port: server.port, type: 'PRIMARY', keyspace, shard: '-' }
  write('topology/topology.json', {
    cells: { zone1: {} },
    keyspaces: { [keyspace]: { shards: { '-': { primary_alias: { cell: 'zone1', uid: 100 } } } } },
    tablets: { 'zone1-0000000100': tablet },
  })
  write(`topology/${keyspace}/vschema.json`, {
    sharded: true,
    vindexes: { hash: { type: 'hash' } },
    tables: { [table]: { column_vindexes: [{ column: 'id', name: 'hash' }] } },
  })
  const { user, password } = server.account
  write('users.json', { users: { [user]: [{ password }] } })
  return {
    topology: { type: 'files', dir: topology },
    http: { enabled: false },
    users_file: join(dir, 'users.json'),
    backend: server.account,
    log_level: 'warn',
  }
}
