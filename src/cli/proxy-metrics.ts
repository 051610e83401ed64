import { Gauge, type Registry } from 'prom-client'
import type { ServingTablet } from '../tablet/serving-tablet.ts'

/** What a proxy holds at this moment. */
export interface ProxyLoad {
  /** Client connections that have logged in. */
  readonly clients: number
  /** What their sessions hold: variables, prepared statements, rows. */
  readonly heldBytes: number
  readonly tablets: readonly Pick<ServingTablet, 'alias' | 'record' | 'load'>[]
}

/** Clients and the places of the pools; of several workers they are added up. */
export function registerProxyMetrics(registry: Registry, load: () => ProxyLoad): void {
  const total = (name: string, help: string, value: (now: ProxyLoad) => number) =>
    new Gauge({
      name: `shardgate_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(value(load()))
      },
    })
  total('client_connections', 'Client connections that have logged in', ({ clients }) => clients)
  total(
    'session_memory_bytes',
    'Bytes of user variables, prepared statements and rows that sessions hold',
    ({ heldBytes }) => heldBytes,
  )
  const labelNames = ['keyspace', 'shard', 'tablet'] as const
  const pools = (what: string, help: string, value: (tablet: ServingTablet['load']) => number) =>
    new Gauge({
      name: `shardgate_pool_${what}`,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset() // tablets leave the topology
        for (const { alias, record, load: places } of load().tablets)
          this.set({ keyspace: record.keyspace, shard: record.shard, tablet: alias }, value(places))
      },
    })
  pools('busy', 'Connections to a tablet that are in use or being made', ({ busy }) => busy)
  pools('idle', 'Connections to a tablet that wait for work', ({ idle }) => idle)
  pools('waiting', 'Requests that wait for a connection to a tablet', ({ waiting }) => waiting)
}
