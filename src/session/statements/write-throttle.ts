import { sleep } from '../../base/clock.ts'
import type { Begun } from '../../engine/begin-plan.ts'
import { SqlError } from '../../errors/sql-error.ts'
import type { Primitive } from '../../plan/primitives.ts'
import type { ShardTarget } from '../../tablet/shard-target.ts'
import type { Transaction } from '../../transaction/transaction.ts'
import type { Interruption } from '../commands/interruption.ts'
import type { ProxyContext } from '../proxy-context.ts'
import type { ShardAccess } from './shard-access.ts'

export interface WriteThrottleContext {
  readonly proxy: Pick<ProxyContext, 'gateway' | 'limits' | 'clock'>
  readonly shards: ShardAccess
  readonly transaction: Transaction
  readonly interruption: Interruption
}

/** How often the lag is looked at: it is known anew with each health check. */
const LOOK_MS = 100
const PRIORITY_USUAL = 100

/**
 * A write whose shards have replicas that are too far behind (limits.write_lag) waits until they are not: resolves then, and throws
 * 1203 when that takes too long. Undefined for what may run at once. As vttablet has it, `PRIORITY=n` waits in n of 100 cases.
 *
 * Only what begins waits: what a transaction has locked others wait for.
 */
export function replicasCatchUp(
  context: WriteThrottleContext,
  root: Primitive,
  begun: Begun,
): Promise<void> | undefined {
  const { proxy, transaction, interruption } = context
  const { writeLagMaxMs } = proxy.limits
  if (writeLagMaxMs === 0 || transaction.lanes.size > 0 || !isWrite(root)) return undefined
  const targets = targetsOf(context, root, begun)
  const isLate = () =>
    targets.some((target) => proxy.gateway.replicaLagSeconds(target) * 1000 > writeLagMaxMs)
  if (!isLate() || Math.random() * 100 >= (interruption.priority ?? PRIORITY_USUAL)) return undefined
  return waitWhile(context, isLate)
}

async function waitWhile(
  { proxy, interruption }: WriteThrottleContext,
  isLate: () => boolean,
): Promise<void> {
  const { clock, limits } = proxy
  const untilMs = clock.now() + limits.writeWaitMs
  while (isLate()) {
    if (clock.now() >= untilMs) throw throttled(limits.writeLagMaxMs)
    await sleep(clock, LOOK_MS)
    interruption.throwIfKilled()
  }
}

function isWrite(root: Primitive): boolean {
  if (root.kind === 'LoadFile' || root.kind === 'StagedLoad') return true
  return 'verb' in root && !(root.kind === 'Write' && root.verb === 'other')
}

/** Of a statement over several shards any of its keyspace may be written on. */
function targetsOf({ shards }: WriteThrottleContext, root: Primitive, begun: Begun): readonly ShardTarget[] {
  if (begun.kind === 'OneShard') return [shards.target(begun.keyspace, begun.shard, 'PRIMARY')]
  const keyspace = 'routing' in root ? root.routing.keyspace : 'keyspace' in root ? root.keyspace : undefined
  if (keyspace === undefined) return []
  return shards.of(keyspace).shards.map(({ targets }) => targets.PRIMARY)
}

function throttled(lagMs: number): SqlError {
  return new SqlError(
    'ER_TOO_MANY_USER_CONNECTIONS',
    `Transaction throttled: replicas of the shard are more than ${lagMs} ms behind (limits.write_lag)`,
  )
}
