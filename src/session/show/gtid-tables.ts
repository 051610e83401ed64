import { noDatabaseSelected } from '../../errors/sql-error.ts'
import type { Show } from '../../sql/ast.ts'
import type { ServedShard } from '../../tablet/keyspace-shards.ts'
import type { ProxyContext } from '../proxy-context.ts'
import { onlyKeyspace, type Target } from '../settings/target.ts'
import { type ShownTable, textTable } from './shown-table.ts'

type Known = Pick<ProxyContext, 'gateway' | 'isMariadb'>

/**
 * vtgate's SHOW GLOBAL GTID_EXECUTED and VGTID_EXECUTED: what the primaries of a keyspace have executed, a row a shard, or
 * all of it as the text of one VGtid.
 */
export async function gtidTable(proxy: Known, { what, database }: Show, target: Target): Promise<ShownTable> {
  const keyspace = database ?? (target.keyspace || onlyKeyspace(proxy.gateway))
  if (keyspace === undefined) throw noDatabaseSelected()
  const isTargeted = target.shard !== undefined && keyspace === target.keyspace
  const shards = proxy.gateway
    .shardsOf(keyspace)
    .shards.filter(({ name }) => !isTargeted || name === target.shard)
  const gtids = await Promise.all(shards.map((shard) => gtidOf(proxy, shard)))
  if (what === 'GTID_EXECUTED') {
    const rows = shards.map(({ name }, i) => [keyspace, gtids[i]!, name])
    return textTable(['db_name', 'gtid_executed', 'shard'], rows)
  }
  const parts = shards.map(
    ({ name }, i) => `shard_gtids:{keyspace:"${keyspace}" shard:"${name}" gtid:"${gtids[i]}"}`,
  )
  return textTable(['db_name', 'global vgtid_executed'], [[keyspace, parts.join(' ')]])
}

function gtidOf({ gateway, isMariadb }: Known, { targets }: ServedShard): Promise<string> {
  const variable = isMariadb ? 'gtid_current_pos' : 'gtid_executed'
  return gateway.control(targets.PRIMARY, async (connection) => {
    const [rows] = await connection.query(`SELECT @@global.${variable} AS gtid`)
    return (rows as { gtid: string }[])[0]!.gtid
  })
}
