import { Counter, Gauge, type Registry } from 'prom-client'
import type { TopologyView } from '../topology/snapshot.ts'
import { vschemaDigest } from '../topology/vschema-digest.ts'

/**
 * Metrics of the topology: is it followed, how old is the last news, what does it hold, what is wrong in it. Workers
 * each follow it; together they tell the worst of what they see, not the sum.
 */
export function registerTopologyMetrics(registry: Registry, view: TopologyView): void {
  const gauge = (name: string, help: string, value: () => number, aggregator: 'max' | 'min' = 'max') =>
    new Gauge({
      name: `shardgate_topology_${name}`,
      help,
      aggregator,
      registers: [registry],
      collect() {
        this.set(value())
      },
    })
  gauge('stale', '1 while the topology store cannot be reached and the last known state serves', () =>
    Number(view.current().stale),
  )
  gauge(
    'last_contact_timestamp_seconds',
    'When the topology store was last heard of',
    () => view.status().lastContactMs / 1000,
    'min',
  )
  gauge(
    'problems',
    'Records of the topology that could not be read or point nowhere',
    () => view.current().problems.length,
  )
  gauge('keyspaces', 'Keyspaces known', () => view.current().keyspaces.size)
  gauge('tablets', 'Tablets known', () => view.current().tablets.size)
  registerVSchemas(registry, view)
  counter(registry, 'lists_total', 'Times the whole topology was read', () => view.status().lists)
  counter(
    registry,
    'watch_ends_total',
    'Watches that ended and were begun again',
    () => view.status().watchEnds,
  )
}

/** By these, whoever changes a VSchema sees who plans by it already. */
function registerVSchemas(registry: Registry, view: TopologyView): void {
  new Gauge({
    name: 'shardgate_vschema_info',
    help: 'How many workers plan by the VSchema of a keyspace, by its digest',
    labelNames: ['keyspace', 'digest'],
    aggregator: 'sum',
    registers: [registry],
    collect() {
      this.reset()
      for (const [keyspace, json] of view.current().vschemas)
        this.set({ keyspace, digest: vschemaDigest(json) }, 1)
    },
  })
}

/** A counter whose count is kept elsewhere. */
function counter(registry: Registry, name: string, help: string, value: () => number): void {
  new Counter({
    name: `shardgate_topology_${name}`,
    help,
    registers: [registry],
    collect() {
      this.reset()
      this.inc(value())
    },
  })
}
