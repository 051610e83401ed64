import { Command } from 'commander'
import { generateShardRanges } from '../../key/key-range.ts'
import { shardRangeOf, tilingProblem } from '../../key/shard-ranges.ts'
import { DURABILITIES, PRIMARY_SOURCES } from '../../topology/records.ts'
import { compareShardNames, parseShardName } from '../../topology/shard-name.ts'
import { integer } from '../config-values.ts'
import { withTopology } from './ctl-context.ts'
import { printCellAliases, printKeyspaces, printShards } from './show.ts'

/** `ctl cell …` */
export function cellCommand(): Command {
  const cell = new Command('cell').description('failure domains')
  cell
    .command('create <cell>')
    .description('add a cell')
    .action((name: string, _options, command: Command) =>
      withTopology(command, async ({ admin, print }) => {
        await admin.createCell(name)
        print({ created: { cell: name } }, `created cell ${name}\n`)
      }),
    )
  cell
    .command('delete <cell>')
    .description('remove a cell that has no tablets')
    .action((name: string, _options, command: Command) =>
      withTopology(command, async ({ admin, print }) => {
        await admin.deleteCell(name)
        print({ deleted: { cell: name } }, `deleted cell ${name}\n`)
      }),
    )
  cell.addCommand(cellAliasCommand())
  return cell
}

/** `ctl cell alias …` */
function cellAliasCommand(): Command {
  const alias = new Command('alias').description('cells whose replicas are near each other')
  alias
    .command('list')
    .description('all aliases')
    .action((_options, command: Command) =>
      withTopology(command, async ({ admin, print }) => {
        const { cellAliases } = await admin.snapshot()
        print(Object.fromEntries(cellAliases), printCellAliases(cellAliases))
      }),
    )
  alias
    .command('add <alias> <cell...>')
    .description('add an alias of some cells: proxies of one read replicas of the others before further ones')
    .action((name: string, cells: string[], _options, command: Command) =>
      withTopology(command, async ({ admin, print }) => {
        await admin.addCellsAlias(name, cells)
        print({ created: { alias: name, cells } }, `cells ${cells.join(', ')} are ${name} now\n`)
      }),
    )
  alias
    .command('remove <alias>')
    .description('remove an alias; its cells stay')
    .action((name: string, _options, command: Command) =>
      withTopology(command, async ({ admin, print }) => {
        await admin.deleteCellsAlias(name)
        print({ deleted: { alias: name } }, `removed cell alias ${name}\n`)
      }),
    )
  return alias
}

/** `ctl keyspace …` */
export function keyspaceCommand(): Command {
  const keyspace = new Command('keyspace').description('logical databases')
  keyspace
    .command('list')
    .description('all keyspaces')
    .action((_options, command: Command) =>
      withTopology(command, async ({ admin, print }) => {
        const snapshot = await admin.snapshot()
        print([...snapshot.keyspaces.keys()], printKeyspaces(snapshot))
      }),
    )
  keyspace
    .command('create <keyspace>')
    .description('add a keyspace; without options it is unsharded and has one shard, 0')
    .option('--shards <n>', 'so many shards of equal width')
    .option('--shard <name...>', 'exactly these shards, such as -80 80-')
    .option('--no-shards', 'no shards yet')
    .action((name: string, options: CreateOptions, command: Command) =>
      withTopology(command, async ({ admin, print }) => {
        const shards = shardsAsked(options)
        await admin.createKeyspace(name, shards)
        const text = shards.length > 0 ? ` with shards ${shards.join(' ')}` : ''
        print({ created: { keyspace: name, shards } }, `created keyspace ${name}${text}\n`)
      }),
    )
  keyspace
    .command('set-primary <keyspace> <source>')
    .description(
      'who the primaries are: those that the topology names (topology), or the servers that take writes (discover), for whoever fails over outside of Shardgate',
    )
    .action((name: string, source: string, _options, command: Command) =>
      withTopology(command, async ({ admin, print }) => {
        const primary = PRIMARY_SOURCES.find((known) => known === source)
        if (primary === undefined) throw new Error(`'${source}' is none of ${PRIMARY_SOURCES.join(', ')}`)
        await admin.setPrimarySource(name, primary)
        print({ keyspace: name, primary }, `primaries of keyspace ${name}: ${primary}\n`)
      }),
    )
  keyspace
    .command('set-durability <keyspace> <durability>')
    .description(
      'whether commits wait for a replica: semi_sync (for one, so that no acknowledged write is lost with its server) or none; shardgate manage sets its managed servers up so, and keeps them',
    )
    .action((name: string, wanted: string, _options, command: Command) =>
      withTopology(command, async ({ admin, print }) => {
        const durability = DURABILITIES.find((known) => known === wanted)
        if (durability === undefined) throw new Error(`'${wanted}' is none of ${DURABILITIES.join(', ')}`)
        await admin.setDurability(name, durability)
        print({ keyspace: name, durability }, `durability of keyspace ${name}: ${durability}\n`)
      }),
    )
  keyspace
    .command('delete <keyspace>')
    .description('remove a keyspace')
    .option('--recursive', 'with its shards, tablets and VSchema')
    .action((name: string, options: { recursive?: boolean }, command: Command) =>
      withTopology(command, async ({ admin, print }) => {
        await admin.deleteKeyspace(name, { isRecursive: options.recursive ?? false })
        print({ deleted: { keyspace: name } }, `deleted keyspace ${name}\n`)
      }),
    )
  return keyspace
}

/** `ctl shard …` */
export function shardCommand(): Command {
  const shard = new Command('shard').description('parts of keyspaces, written keyspace/shard: shop/-80')
  const at = (name: string, description: string, done: string, work: ShardWork) =>
    shard
      .command(`${name} <keyspace/shard>`)
      .description(description)
      .action((text: string, _options, command: Command) =>
        withTopology(command, async (context) => {
          const [keyspaceName, shardName] = splitShard(text)
          await work(context.admin, keyspaceName, shardName)
          context.print({ [done]: { keyspace: keyspaceName, shard: shardName } }, `${done} shard ${text}\n`)
        }),
      )
  shard
    .command('list [keyspace]')
    .description('all shards, or those of a keyspace')
    .action((name: string | undefined, _options, command: Command) =>
      withTopology(command, async ({ admin, print }) => {
        const keyspaces = [...(await admin.snapshot()).keyspaces.values()].filter(
          (k) => !name || k.name === name,
        )
        if (name && keyspaces.length === 0) throw new Error(`keyspace ${name} does not exist`)
        const json = keyspaces.flatMap((k) =>
          [...k.shards.values()].map((s) => ({ keyspace: k.name, shard: s.name, ...s.record })),
        )
        print(json, printShards(keyspaces))
      }),
    )
  at('create', 'add a shard', 'created', (admin, k, s) => admin.createShard(k, s))
  at('delete', 'remove a shard that has no tablets', 'deleted', (admin, k, s) => admin.deleteShard(k, s))
  at('serve', 'let a shard take queries', 'serving', (admin, k, s) => admin.setServing(k, s, true))
  at('unserve', 'keep queries from a shard', 'not serving', (admin, k, s) => admin.setServing(k, s, false))
  return shard
}

type Admin = Parameters<Parameters<typeof withTopology>[1]>[0]['admin']
type ShardWork = (admin: Admin, keyspace: string, shard: string) => Promise<void>

interface CreateOptions {
  readonly shards?: string | boolean
  readonly shard?: readonly string[]
}

function shardsAsked({ shards, shard }: CreateOptions): readonly string[] {
  if (shard) return tiling(shard.flatMap((names) => names.split(',')))
  if (shards === false) return []
  if (typeof shards !== 'string') return ['0']
  const count = integer(1, 65_536).safeParse(shards)
  if (!count.success) throw new Error(`--shards takes a number from 1 to 65536, not '${shards}'`)
  return generateShardRanges(count.data as number)
}

/** Throws for shards that leave ids without a place: nobody could be served. */
function tiling(names: readonly string[]): readonly string[] {
  if (!names.every((name) => parseShardName(name))) return names // told by the one who creates them
  const sorted = [...names].sort(compareShardNames)
  const problem = tilingProblem(sorted.map(shardRangeOf))
  if (problem === undefined) return sorted
  throw new Error(`--shard ${names.join(' ')}: ${problem}; together they must hold all ids, as -80 80- do`)
}

export function splitShard(text: string): [keyspace: string, shard: string] {
  const [keyspace, shard, ...rest] = text.split('/')
  if (keyspace && shard && rest.length === 0) return [keyspace, shard]
  throw new Error(`'${text}' is no shard; write keyspace/shard, such as shop/-80`)
}
