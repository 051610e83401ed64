import { Command } from 'commander'
import { parseAlias, printAlias } from '../../topology/alias.ts'
import { WEIGHT_MAX } from '../../topology/parse-record.ts'
import { TABLET_TYPES, type Tablet, type TabletAlias, type TabletType } from '../../topology/records.ts'
import { integer } from '../config-values.ts'
import { withTopology } from './ctl-context.ts'
import { splitShard } from './keyspace-commands.ts'
import { printTablets } from './show.ts'

interface RegisterOptions {
  readonly shard: string
  readonly type: string
  readonly host?: string
  readonly port: string
  readonly socket?: string
  readonly database?: string
  readonly tag?: readonly string[]
  readonly managed?: true
}

/** `ctl tablet …` */
export function tabletCommand(): Command {
  const tablet = new Command('tablet').description('MySQL servers, named cell-uid: zone1-100')
  tablet
    .command('list')
    .description('all tablets, or some of them')
    .option('--keyspace <keyspace>', 'only those of this keyspace')
    .option('--shard <keyspace/shard>', 'only those of this shard')
    .action((options: { keyspace?: string; shard?: string }, command: Command) =>
      withTopology(command, async ({ admin, print }) => {
        const tablets = [...(await admin.snapshot()).tablets.values()].filter(
          (t) =>
            (!options.keyspace || t.keyspace === options.keyspace) &&
            (!options.shard || `${t.keyspace}/${t.shard}` === options.shard),
        )
        print(tablets, printTablets(tablets))
      }),
    )
  tablet
    .command('register <alias>')
    .description('add a MySQL server; a PRIMARY becomes the primary of its shard when that has none')
    .requiredOption('--shard <keyspace/shard>', 'the shard whose rows it holds')
    .option('--type <type>', TABLET_TYPES.slice(0, 3).join(', '), 'REPLICA')
    .option('--host <host>', 'address of MySQL')
    .option('--port <n>', 'port of MySQL', '3306')
    .option('--socket <path>', 'unix socket of MySQL, instead of host and port')
    .option('--database <name>', "database with the shard's tables (default: the keyspace's name)")
    .option('--tag <name=value...>', 'labels')
    .option('--managed', 'shardgate manage and ctl reparent may change what its server is')
    .action((name: string, options: RegisterOptions, command: Command) =>
      withTopology(command, async ({ admin, print }) => {
        const record = buildTablet(requireAlias(name), options)
        await admin.registerTablet(record)
        print(record, `registered tablet ${printAlias(record.alias)} as ${record.type} of ${options.shard}\n`)
      }),
    )
  tablet
    .command('remove <alias>')
    .description('forget a MySQL server; the server itself is left alone')
    .action((name: string, _options, command: Command) =>
      withTopology(command, async ({ admin, print }) => {
        const alias = requireAlias(name)
        await admin.removeTablet(alias)
        print({ removed: printAlias(alias) }, `removed tablet ${printAlias(alias)}\n`)
      }),
    )
  tablet
    .command('set-type <alias> <type>')
    .description(
      'change what a tablet is used for; PRIMARY makes it the primary and the one before a REPLICA',
    )
    .action((name: string, type: string, _options, command: Command) =>
      withTopology(command, async ({ admin, print }) => {
        const alias = requireAlias(name)
        const wanted = requireType(type)
        await admin.setTabletType(alias, wanted)
        print({ tablet: printAlias(alias), type: wanted }, `tablet ${printAlias(alias)} is ${wanted} now\n`)
      }),
    )
  tablet
    .command('set-weight <alias> <weight>')
    .description('as a replica, its share of the reads beside those of others; 1 is usual')
    .action((name: string, text: string, _options, command: Command) =>
      withTopology(command, async ({ admin, print }) => {
        const alias = requireAlias(name)
        const weight = Number(text)
        if (!(weight > 0 && weight <= WEIGHT_MAX))
          throw new Error(`a weight is a number above 0 and up to ${WEIGHT_MAX}, not '${text}'`)
        await admin.setReplica(alias, { weight })
        print({ tablet: printAlias(alias), weight }, `tablet ${printAlias(alias)} has weight ${weight} now\n`)
      }),
    )
  for (const [verb, draining, description] of [
    ['drain', true, 'as a replica it gets no new reads; those that run go on'],
    ['undrain', false, 'as a replica it gets reads again'],
  ] as const)
    tablet
      .command(`${verb} <alias>`)
      .description(description)
      .action((name: string, _options, command: Command) =>
        withTopology(command, async ({ admin, print }) => {
          const alias = requireAlias(name)
          await admin.setReplica(alias, { draining })
          const text = draining ? 'gets no new reads' : 'gets reads again'
          print({ tablet: printAlias(alias), draining }, `tablet ${printAlias(alias)} ${text}\n`)
        }),
      )
  tablet
    .command('set-managed <alias> [true|false]')
    .description(
      'whether shardgate manage and ctl reparent may change what its server is; a shard is managed when all of its tablets are',
    )
    .action((name: string, wanted: string | undefined, _options, command: Command) =>
      withTopology(command, async ({ admin, print }) => {
        const alias = requireAlias(name)
        if (!['true', 'false', undefined].includes(wanted))
          throw new Error(`'${wanted}' is neither true nor false`)
        const managed = wanted !== 'false'
        await admin.setManaged(alias, managed)
        print(
          { tablet: printAlias(alias), managed },
          `tablet ${printAlias(alias)} is ${managed ? 'managed' : 'left alone'} now\n`,
        )
      }),
    )
  return tablet
}

function buildTablet(alias: TabletAlias, options: RegisterOptions): Tablet {
  const [keyspace, shard] = splitShard(options.shard)
  const port = integer(1, 65_535).safeParse(options.port)
  if (!port.success) throw new Error(`--port takes a number from 1 to 65535, not '${options.port}'`)
  if (!options.host && !options.socket) throw new Error('give the address of MySQL: --host or --socket')
  const address = options.socket
    ? { unix_socket: options.socket }
    : { mysql_hostname: options.host!, mysql_port: port.data as number }
  return {
    alias,
    ...address,
    type: requireType(options.type),
    keyspace,
    shard,
    ...(options.database && { db_name_override: options.database }),
    ...(options.managed && { managed: true }),
    ...(options.tag && { tags: Object.fromEntries(options.tag.map(splitTag)) }),
  }
}

function requireAlias(text: string): TabletAlias {
  const alias = parseAlias(text)
  if (alias) return alias
  throw new Error(`'${text}' is no tablet alias; write cell-uid, such as zone1-100`)
}

function requireType(text: string): TabletType {
  const type = TABLET_TYPES.find((known) => known === text.toUpperCase())
  if (type) return type
  throw new Error(`'${text}' is no tablet type; one of ${TABLET_TYPES.join(', ')}`)
}

function splitTag(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)]
  throw new Error(`'${text}' is no tag; write name=value`)
}
