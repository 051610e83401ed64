import { Command, InvalidArgumentError } from 'commander'
import { systemClock } from '../../base/clock.ts'
import { isManaged } from '../../reparent/manager.ts'
import { withShardPermit } from '../../reparent/shard-permit.ts'
import { ShardReparent } from '../../reparent/shard-reparent.ts'
import { ShardServers } from '../../reparent/shard-servers.ts'
import { parseAlias, printAlias } from '../../topology/alias.ts'
import { readReparentWork } from '../../topology/reparent-work.ts'
import type { KeyspaceState, ShardState } from '../../topology/snapshot.ts'
import { settings } from '../config-sources.ts'
import { duration } from '../config-values.ts'
import { processName } from '../process-name.ts'
import { addSettings } from '../setting-options.ts'
import { serverAccessOf, withTopology } from './ctl-context.ts'
import { splitShard } from './keyspace-commands.ts'

interface ReparentFlags {
  readonly to?: string
  readonly timeout: number
  readonly force?: true
  readonly allowLoss?: true
}

/** `ctl reparent …` */
export function reparentCommand(): Command {
  const reparent = new Command('reparent').description(
    "change a shard's primary: its servers, its replicas and the topology (docs/design/promotion.md)",
  )
  const add = (name: string, description: string, timeout: string) => {
    const command = reparent
      .command(`${name} <keyspace/shard>`)
      .description(description)
      .option('--to <alias>', 'the next primary (default: the replica that has the most)')
      .option('--timeout <duration>', timeout, limitOf, 10_000)
      .option('--force', 'also where not all tablets of the shard are managed')
    addSettings(
      command,
      settings.filter(
        ({ path: [part, name, of] }) =>
          (part === 'manage' && OWN.includes(name!)) ||
          (part === 'backend' && name === 'tls' && of !== undefined),
      ),
    )
    return command
  }
  add(
    'planned',
    'stop writes, wait until a replica has everything, and make it the primary; undone when a step fails',
    'writes are stopped for so long at most, and what a replica lacks before may take as long',
  ).action((shard: string, flags: ReparentFlags, command: Command) => run('planned', shard, flags, command))
  add(
    'emergency',
    'the primary is lost: make the replica that has the most the primary; the lost one is not touched',
    'for what the replicas have received and not applied yet',
  )
    .option('--allow-loss', 'also where acknowledged writes may be lost by it')
    .action((shard: string, flags: ReparentFlags, command: Command) =>
      run('emergency', shard, flags, command),
    )
  return reparent
}

/** Settings of `manage` that say how servers are reached, and by whom; the rest is the controller's. */
const OWN = [
  ...['user', 'password', 'password_file', 'timeout', 'lease'],
  ...['replication_user', 'replication_password', 'replication_password_file'],
]

async function run(
  kind: 'planned' | 'emergency',
  name: string,
  flags: ReparentFlags,
  command: Command,
): Promise<void> {
  const [keyspaceName, shardName] = splitShard(name)
  const to = flags.to === undefined ? undefined : aliasOf(flags.to)
  const { access, leaseMs } = serverAccessOf(command)
  // Timers here do not keep a process.
  const keepAlive = setInterval(() => {}, 2 ** 30)
  const [servers, clock, by] = [new ShardServers(access), systemClock, processName()]
  try {
    await withTopology(command, async ({ admin, store, print }) => {
      const find = async () => {
        const keyspace = (await admin.snapshot()).keyspaces.get(keyspaceName)
        const shard = keyspace?.shards.get(shardName)
        if (keyspace === undefined || shard === undefined) throw new Error(`shard ${name} does not exist`)
        if (!isManaged(shard) && !flags.force) throw new Error(unmanaged(name, shard))
        return { keyspace, shard }
      }
      await find()
      const texts = await withShardPermit(
        { store, name, by, ttlMs: leaseMs, waitMs: leaseMs * 3, clock },
        async (permit) => {
          const reparentOf = ({ keyspace, shard }: { keyspace: KeyspaceState; shard: ShardState }) =>
            new ShardReparent({ store, permit, keyspace: keyspace.record, shard, servers, clock, by })
          const done: string[] = []
          const work = await readReparentWork(store, keyspaceName, shardName)
          if (work !== undefined) {
            const { isFinished, text } = await reparentOf(await find()).resume(work)
            done.push(text)
            if (isFinished && (to === undefined || to === work.to)) return done
          }
          const found = await find()
          const reparent = reparentOf(found)
          const limitMs = flags.timeout
          if (kind === 'planned') return [...done, await reparent.planned({ to, limitMs })]
          if (!flags.force) await requireLost(found.shard, servers)
          const allowsLoss = flags.allowLoss ?? false
          return [
            ...done,
            await reparent.emergency({ to, limitMs, allowsLoss, why: 'somebody asked for it' }),
          ]
        },
      )
      print({ shard: name, done: texts }, texts.map((text) => `${text}\n`).join(''))
    })
  } finally {
    servers.close()
    clearInterval(keepAlive)
  }
}

/** An emergency reparent of a primary that lives would leave two. */
async function requireLost(shard: ShardState, servers: ShardServers): Promise<void> {
  if (shard.primary === undefined) return
  const alias = printAlias(shard.primary.alias)
  const { kind } = (await servers.look(shard)).get(alias)!
  if (kind === 'Seen')
    throw new Error(
      `${alias}, the primary, answers: use ctl reparent planned, or stop it first (--force goes on without it, and leaves it writable)`,
    )
}

function unmanaged(name: string, { tablets }: ShardState): string {
  const left = tablets.filter(({ managed }) => managed !== true).map(({ alias }) => printAlias(alias))
  return (
    `${left.join(', ') || 'no tablet'} of ${name} ${left.length > 1 ? 'are' : 'is'} not managed: ` +
    'see ctl tablet set-managed, or say --force'
  )
}

function aliasOf(text: string): string {
  const alias = parseAlias(text)
  if (alias !== undefined) return printAlias(alias)
  throw new Error(`--to ${text}: no tablet alias; write cell-uid, such as zone1-100`)
}

function limitOf(text: string): number {
  const parsed = duration.safeParse(text)
  if (parsed.success && parsed.data > 0) return parsed.data
  throw new InvalidArgumentError('a length of time, such as 10s.')
}
