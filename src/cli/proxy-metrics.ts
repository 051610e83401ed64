import { Counter, Gauge, type Registry } from 'prom-client'
import type { QueryRules } from '../session/rules/query-rules.ts'
import type { Gateway } from '../tablet/gateway.ts'
import type { HotRowCounts } from '../tablet/hot-rows.ts'
import type { ServingTablet } from '../tablet/serving-tablet.ts'
import type { ServedPrimary } from '../tablet/shard-primary.ts'
import { TABLET_STATES } from '../tablet/tablet-state.ts'

/** What a proxy holds at this moment. */
export interface ProxyLoad {
  /** Client connections that have logged in. */
  readonly clients: number
  /** What their sessions hold: variables, prepared statements, rows. */
  readonly heldBytes: number
  readonly gateway: Pick<Gateway, 'tablets' | 'primaries' | 'typeOf'>
  /** Undefined where hot_rows.mode is off. */
  readonly hotRows: HotRowCounts | undefined
  /** Of each query rule, since it was read. */
  readonly rules: QueryRules['counts']
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
        for (const { alias, record, load: places } of load().gateway.tablets)
          this.set({ keyspace: record.keyspace, shard: record.shard, tablet: alias }, value(places))
      },
    })
  pools('busy', 'Connections to a tablet that are in use or being made', ({ busy }) => busy)
  pools('idle', 'Connections to a tablet that wait for work', ({ idle }) => idle)
  pools('waiting', 'Requests that wait for a connection to a tablet', ({ waiting }) => waiting)
  registerTabletMetrics(registry, load)
  registerTabletStates(registry, load)
  registerShardMetrics(registry, load)
  registerHotRowMetrics(registry, load)
}

function registerHotRowMetrics(registry: Registry, load: () => ProxyLoad): void {
  new Counter({
    name: 'shardgate_query_rule_total',
    help: 'Statements that a query rule was about, since it was read',
    labelNames: ['rule', 'action'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { rule, action, matched } of load().rules) this.inc({ rule, action }, matched)
    },
  })
  new Gauge({
    name: 'shardgate_hot_rows_waiting',
    help: 'Statements that wait for others to have written the same row',
    registers: [registry],
    collect() {
      this.set(load().hotRows?.waiting ?? 0)
    },
  })
  new Counter({
    name: 'shardgate_hot_rows_total',
    help: 'Statements that have waited for a row, or would have in a dry run, and those that were refused or waited in vain',
    labelNames: ['outcome'],
    registers: [registry],
    collect() {
      this.reset()
      const { waited = 0, refused = 0, timedOut = 0 } = load().hotRows ?? {}
      this.inc({ outcome: 'waited' }, waited)
      this.inc({ outcome: 'refused' }, refused)
      this.inc({ outcome: 'timed out' }, timedOut)
    },
  })
}

function registerTabletMetrics(registry: Registry, load: () => ProxyLoad): void {
  const each = (name: string, help: string, value: (tablet: ServingTablet) => number | undefined) =>
    new Gauge({
      name: `shardgate_tablet_${name}`,
      help,
      labelNames: ['keyspace', 'shard', 'tablet', 'type'],
      registers: [registry],
      aggregator: 'max', // workers look at the same servers
      collect() {
        this.reset()
        const { gateway } = load()
        for (const tablet of gateway.tablets) {
          const { keyspace, shard } = tablet.record
          const known = value(tablet)
          const labels = { keyspace, shard, tablet: tablet.alias, type: gateway.typeOf(tablet).toLowerCase() }
          if (known !== undefined) this.set(labels, known)
        }
      },
    })
  each('up', 'Whether a tablet answers its health check', ({ health }) => Number(health.state === 'healthy'))
  each('read_only', 'Whether a tablet takes no writes', ({ health }) => Number(health.readOnly))
  each(
    'replication_lag_seconds',
    'How far a replica is behind its source; +Inf where replication is broken',
    ({ health }) => health.lagSeconds,
  )
}

/** One line for each state of a tablet, 1 for the one that it is in. */
function registerTabletStates(registry: Registry, load: () => ProxyLoad): void {
  const labelsOf = ({ record, alias }: ServingTablet) => ({
    keyspace: record.keyspace,
    shard: record.shard,
    tablet: alias,
  })
  new Gauge({
    name: 'shardgate_tablet_state',
    help: 'Whether a tablet is in a state: unknown, serving, lagging, not serving, draining',
    labelNames: ['keyspace', 'shard', 'tablet', 'state'],
    registers: [registry],
    aggregator: 'max',
    collect() {
      this.reset()
      for (const tablet of load().gateway.tablets)
        for (const state of TABLET_STATES)
          this.set({ ...labelsOf(tablet), state }, Number(tablet.state === state))
    },
  })
  new Counter({
    name: 'shardgate_tablet_state_changes_total',
    help: 'How often a tablet has come to be in another state',
    labelNames: ['keyspace', 'shard', 'tablet'],
    registers: [registry],
    collect() {
      this.reset()
      for (const tablet of load().gateway.tablets) this.inc(labelsOf(tablet), tablet.stateChanges)
    },
  })
}

function registerShardMetrics(registry: Registry, load: () => ProxyLoad): void {
  const labelsOf = ({ name }: ServedPrimary) => {
    const [keyspace = '', shard = ''] = name.split('/')
    return { keyspace, shard }
  }
  const gauge = (
    name: string,
    help: string,
    aggregator: 'max' | 'sum',
    value: (shard: ServedPrimary) => number,
  ) =>
    new Gauge({
      name: `shardgate_${name}`,
      help,
      labelNames: ['keyspace', 'shard'],
      registers: [registry],
      aggregator,
      collect() {
        this.reset()
        for (const primary of load().gateway.primaries) this.set(labelsOf(primary), value(primary))
      },
    })
  gauge('shard_serving', 'Whether a shard has a primary that answers', 'max', ({ trouble }) =>
    Number(trouble === undefined),
  )
  gauge('shard_alarm', 'Whether somebody must look at who the primary of a shard is', 'max', ({ alarm }) =>
    Number(alarm !== undefined),
  )
  gauge(
    'buffer_waiting',
    'Statements that wait for the primary of a shard',
    'sum',
    ({ buffer }) => buffer.waiting,
  )
  const counter = (name: string, help: string, value: (shard: ServedPrimary) => number) =>
    new Counter({
      name: `shardgate_${name}_total`,
      help,
      labelNames: ['keyspace', 'shard'],
      registers: [registry],
      collect() {
        this.reset()
        for (const primary of load().gateway.primaries) this.inc(labelsOf(primary), value(primary))
      },
    })
  counter('shard_outages', 'How often the primary of a shard was lost or in doubt', ({ outages }) => outages)
  counter(
    'buffer_waited',
    'Statements that have begun to wait for the primary of a shard',
    ({ buffer }) => buffer.waited,
  )
  new Counter({
    name: 'shardgate_buffer_evicted_total',
    help: 'Statements that have waited for the primary of a shard in vain',
    labelNames: ['keyspace', 'shard', 'reason'],
    registers: [registry],
    collect() {
      this.reset()
      for (const primary of load().gateway.primaries)
        for (const [reason, count] of Object.entries(primary.buffer.evicted))
          this.inc({ ...labelsOf(primary), reason }, count)
    },
  })
}
