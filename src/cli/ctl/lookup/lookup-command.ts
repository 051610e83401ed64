import { Command, Option } from 'commander'
import { settings } from '../../config-sources.ts'
import { duration, integer } from '../../config-values.ts'
import { addSettings } from '../../setting-options.ts'
import { paramsOf } from './definition.ts'
import { cancelLookup, createLookup, externalizeLookup, fillLookup, verifyLookup } from './lookup-actions.ts'

/** `ctl lookup …`. `finish` takes the exit code: 1 for what is not as it must be. */
export function lookupCommand(finish: (exitCode: number) => void): Command {
  const lookup = new Command('lookup').description(
    'lookup vindexes of tables that have rows: create, backfill, verify, externalize; or cancel',
  )
  const add = (name: string, description: string) => {
    const command = lookup.command(`${name} <keyspace> <vindex>`).description(description)
    addSettings(
      command,
      settings.filter(({ path }) => path[0] === 'backend'),
    )
    return command
  }
  add('create', 'add a lookup vindex to a table: written from now on, and not read until it is externalized')
    .requiredOption('--type <type>', 'such as consistent_lookup_unique; all are in: ctl vindex types')
    .requiredOption('--owner <table>', 'the table whose rows are to be found by it')
    .requiredOption('--columns <columns>', 'columns of the owner, with commas', names)
    .requiredOption(
      '--table <keyspace.table>',
      'the lookup table; it is created and declared where it is not there',
    )
    .option(
      '--from <columns>',
      'columns of the lookup table for the values (default: as those of the owner)',
      names,
    )
    .option('--to <column>', 'its column for the keyspace id', 'keyspace_id')
    .option(
      '--param <name=value>',
      'a parameter of the vindex, as often as needed: ignore_nulls, batch_lookup, read_lock, autocommit, multi_shard_autocommit, no_verify',
      collected,
    )
    .option('--ignore-nulls', 'the same as --param ignore_nulls=true')
    .option(
      '--table-vindex <vindex>',
      'what shards a new lookup table, by name or type (default: by its column)',
    )
    .option('--dry-run', 'only say what would be done')
    .action(async (keyspace: string, vindex: string, options: CreateFlags, command: Command) => {
      const params = {
        ...paramsOf(options.param ?? []),
        ...(options.ignoreNulls && { ignore_nulls: 'true' }),
      }
      await createLookup(command, { ...options, keyspace, vindex, params })
    })
  batched(add('backfill', 'enter the rows that are there already; goes on where it has stopped'))
    .addOption(durationOption('pause', 'rest between batches', 0, 'none'))
    .option('--parallel <n>', 'shards at once', as('parallel', integer(1, 64)), 4)
    .option('--restart', 'begin with the first row')
    .option(
      '--proxy <host:port>',
      'HTTP address of a proxy, once for each that there is: begin when all of them plan by the VSchema',
      collected,
    )
    .addOption(
      durationOption(
        'settle',
        'how long to wait for proxies to take the VSchema: with --proxy at most, without in any case',
        SETTLE_MS,
        '10s',
      ),
    )
    .action((keyspace: string, vindex: string, options: BackfillFlags, command: Command) =>
      fillLookup(command, { ...options, keyspace, vindex }, finish),
    )
  batched(add('verify', 'compare the lookup table with its owner, both ways; exit code 1 for differences'))
    .option('--remove-orphans', 'delete entries that have no row')
    .action((keyspace: string, vindex: string, options: VerifyFlags, command: Command) =>
      verifyLookup(command, { ...options, keyspace, vindex }, finish),
    )
  batched(add('externalize', 'verify, and let the vindex be read if there is no difference')).action(
    (keyspace: string, vindex: string, options: VerifyFlags, command: Command) =>
      externalizeLookup(command, { ...options, keyspace, vindex }, finish),
  )
  add('cancel', 'take out a vindex that is not read yet; its table stays')
    .option('--drop-table', 'drop the lookup table, too, if it was created with the vindex')
    .addOption(
      durationOption(
        'settle',
        'how long proxies have to see it before the table is dropped',
        SETTLE_MS,
        '10s',
      ),
    )
    .action((keyspace: string, vindex: string, options: CancelFlags, command: Command) =>
      cancelLookup(command, { ...options, keyspace, vindex }),
    )
  return lookup
}

/** Which vindex a command is about. */
export interface Named {
  readonly keyspace: string
  readonly vindex: string
}

export interface CreateFlags {
  readonly type: string
  readonly owner: string
  readonly columns: readonly string[]
  readonly table: string
  readonly from?: readonly string[]
  readonly to: string
  readonly param?: readonly string[]
  readonly ignoreNulls?: true
  readonly tableVindex?: string
  readonly dryRun?: true
}

export interface VerifyFlags {
  readonly batch: number
  readonly removeOrphans?: true
}

export interface BackfillFlags {
  readonly batch: number
  readonly pause: number
  readonly parallel: number
  readonly restart?: true
  readonly proxy?: readonly string[]
  readonly settle: number
}

export interface CancelFlags {
  readonly dropTable?: true
  readonly settle: number
}

const SETTLE_MS = 10_000

function durationOption(name: string, help: string, fallbackMs: number, fallback: string): Option {
  return new Option(`--${name} <duration>`, help).argParser(as(name, duration)).default(fallbackMs, fallback)
}

function batched(command: Command): Command {
  return command.addOption(
    new Option('--batch <rows>', 'rows of one batch').argParser(as('batch', integer(1, 10_000))).default(500),
  )
}

/** Of an option that may be given several times. */
function collected(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text]
}

function names(text: string): readonly string[] {
  const list = text.split(',').map((name) => name.trim())
  if (list.includes('')) throw new Error(`'${text}' is no list of columns; write a,b`)
  return list
}

/** Reads an option's text as the configuration does. */
function as(
  name: string,
  schema: {
    safeParse(text: string): {
      success: boolean
      data?: unknown
      error?: { issues: readonly { message: string }[] }
    }
  },
) {
  return (text: string): number => {
    const result = schema.safeParse(text)
    if (!result.success) throw new Error(`--${name} ${text}: ${result.error?.issues[0]?.message}`)
    return result.data as number
  }
}
