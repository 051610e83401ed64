import type { Command } from 'commander'
import {
  deleteLookupWork,
  type LookupWork,
  putLookupWork,
  readLookupWork,
} from '../../../topology/lookup-work.ts'
import type { TopologySnapshot } from '../../../topology/snapshot.ts'
import { vschemaDigest } from '../../../topology/vschema-digest.ts'
import { quoteName } from '../../../values/sql-literal.ts'
import { splitTableName } from '../../../vschema/table-name.ts'
import { backendOf, type CtlContext, withTopology } from '../ctl-context.ts'
import { backfill } from './backfill.ts'
import { changedVSchemas, planCreation } from './create.ts'
import { fingerprintOf, type LookupDefinition, readable, withoutLookup, withoutTable } from './definition.ts'
import type { BackfillFlags, CancelFlags, CreateFlags, Named, VerifyFlags } from './lookup-command.ts'
import { definedLookup, findLookup, type LookupPlace, shardsOf, vschemaOf } from './place.ts'
import { Progress } from './progress.ts'
import { awaitProxies } from './proxies.ts'
import { pause, ShardConnections } from './shard-connection.ts'
import { isClean, Verification, type VerifyResult } from './verify.ts'
import { WorkLog } from './work-log.ts'

type Finish = (exitCode: number) => void

/** Runs `work` with connections that are closed afterwards. */
function withLookups(
  command: Command,
  work: (context: CtlContext & LookupContext) => Promise<void>,
): Promise<void> {
  return withTopology(command, async (context) => {
    const access = backendOf(command)
    const connections = new ShardConnections(access)
    try {
      await work({ ...context, connections, connect: () => new ShardConnections(access) })
    } finally {
      connections.close()
    }
  })
}

interface LookupContext {
  readonly connections: ShardConnections
  readonly connect: () => ShardConnections
}

// -------------------------------------------------------------------------------------------------- create

export function createLookup(
  command: Command,
  flags: Omit<CreateFlags, 'param' | 'ignoreNulls'> & Named & Pick<LookupDefinition, 'params'>,
): Promise<void> {
  return withLookups(command, async ({ admin, store, connections, print }) => {
    const definition = definitionOf(flags)
    const { keyspace, name, table } = definition
    const snapshot = await admin.snapshot()
    const options = { tableVindex: flags.tableVindex }
    const creation = await planCreation(snapshot, definition, options, connections)
    const text = creation.createTable && Buffer.from(creation.createTable, 'latin1').toString()
    if (flags.dryRun) {
      const vschemas = Object.fromEntries(changedVSchemas(snapshot, snapshot.vschemas, definition, creation))
      return print(
        { createTable: text ?? null, vschemas },
        `${text === undefined ? '' : `${text};\n`}${JSON.stringify(vschemas, null, 2)}\n`,
      )
    }
    changedVSchemas(snapshot, snapshot.vschemas, definition, creation) // what is wrong is told before there is a table
    const old = await readLookupWork(store, keyspace, name)
    if (creation.createTable !== undefined)
      for (const { tablet } of shardsOf(snapshot, table.keyspace))
        await (await connections.to(tablet)).query(creation.createTable)
    const created = new Map<string, unknown>()
    const work: LookupWork = {
      createdTable: creation.createTable !== undefined,
      declaredTable: creation.declareTable !== undefined,
      of: '',
      shards: {},
    }
    await admin.changeVSchemas(
      [table.keyspace, keyspace],
      (now) => {
        for (const [each, json] of changedVSchemas(snapshot, now, definition, creation))
          created.set(each, json)
        return created
      },
      [putLookupWork(keyspace, name, work, old?.version)],
    )
    print(
      {
        created: {
          keyspace,
          vindex: name,
          table: `${table.keyspace}.${table.name}`,
          createdTable: work.createdTable,
        },
      },
      `created vindex ${name} of ${keyspace}.${definition.owner}, write_only, ` +
        `${work.createdTable ? 'with' : 'over'} table ${table.keyspace}.${table.name}\n` +
        `next: shardgate ctl lookup backfill ${keyspace} ${name}\n`,
    )
  })
}

function definitionOf(
  flags: Omit<CreateFlags, 'param' | 'ignoreNulls'> & Named & Pick<LookupDefinition, 'params'>,
): LookupDefinition {
  const { keyspace, vindex, type, owner, columns, to, params, from = columns } = flags
  const split = splitTableName(flags.table)
  if (split === undefined) throw new Error(`--table ${flags.table}: write keyspace.table`)
  const table = { keyspace: split.keyspace ?? keyspace, name: split.table }
  return { keyspace, name: vindex, type, owner, columns, table, from, to, params }
}

// ------------------------------------------------------------------------------------------------ backfill

export function fillLookup(command: Command, flags: BackfillFlags & Named, finish: Finish): Promise<void> {
  return withLookups(command, async ({ admin, store, connections, connect, print }) => {
    const { keyspace, vindex: name } = flags
    const snapshot = await admin.snapshot()
    const place = await findLookup(snapshot, keyspace, name, connections)
    if (!place.vindex.backfilling)
      throw new Error(
        `vindex ${name} is read already; what its table lacks, ctl lookup verify ${keyspace} ${name} tells`,
      )
    await awaitWriters(snapshot, flags)
    const log = await WorkLog.open(store, flags, fingerprintOf(snapshot.vschemas.get(keyspace), name))
    const isOver = place.owner.shards.every((shard) => log.known[shard.name]?.isDone === true)
    const progress = new Progress('rows')
    const options = { batchRows: flags.batch, pauseMs: flags.pause, shardsMax: flags.parallel }
    const { shards, examples } = await backfill(place, isOver || flags.restart ? {} : log.known, options, {
      connect,
      onWork: async (works) => {
        progress.tell(Object.values(works).reduce((sum, { rows }) => sum + rows, 0))
        await log.note(works)
      },
    })
    await log.save(shards)
    progress.end()
    report(shards, examples, { print, finish }, flags)
  })
}

/** Rows that a proxy writes that does not know of the vindex yet may be passed by. */
async function awaitWriters(
  snapshot: TopologySnapshot,
  { keyspace, proxy = [], settle }: BackfillFlags & Named,
): Promise<void> {
  if (proxy.length === 0)
    process.stderr.write(
      `waiting ${settle / 1000} s for proxies to take the VSchema; --proxy host:port asks them instead\n`,
    )
  else await awaitProxies(proxy, { keyspace, digest: vschemaDigest(snapshot.vschemas.get(keyspace)) }, settle)
  await pause(proxy.length === 0 ? settle : Math.min(settle, IN_FLIGHT_MS))
}

/** For statements that were planned a moment ago to arrive. */
const IN_FLIGHT_MS = 1_000

function report(
  shards: LookupWork['shards'],
  examples: readonly string[],
  { print, finish }: { readonly print: CtlContext['print']; readonly finish: Finish },
  { keyspace, vindex }: Named,
): void {
  const works = Object.values(shards)
  const rows = works.reduce((sum, work) => sum + work.rows, 0)
  const duplicates = works.reduce((sum, work) => sum + work.duplicates, 0)
  const lines = examples.map((text) => `  ${text}\n`).join('')
  const told =
    duplicates === 0
      ? `next: shardgate ctl lookup externalize ${keyspace} ${vindex}\n`
      : `${duplicates} rows have a value that another row has, which a unique vindex cannot have; it stays write_only:\n${lines}` +
        'change or delete them, and run the backfill again; or cancel, and create one that is not unique\n'
  print({ rows, duplicates, examples }, `backfilled ${keyspace}.${vindex}: ${rows} rows\n${told}`)
  if (duplicates > 0) finish(1)
}

// -------------------------------------------------------------------------------------------------- verify

export function verifyLookup(command: Command, flags: VerifyFlags & Named, finish: Finish): Promise<void> {
  return withLookups(command, async ({ admin, connections, print }) => {
    const { keyspace, vindex } = flags
    const place = await findLookup(await admin.snapshot(), keyspace, vindex, connections)
    const result = await verify(place, flags, connections)
    print({ clean: isClean(result), ...result }, printResult(result, flags))
    if (!isClean(result)) finish(1)
  })
}

async function verify(
  place: LookupPlace,
  { batch, removeOrphans }: VerifyFlags,
  connections: ShardConnections,
): Promise<VerifyResult> {
  const progress = new Progress('rows and entries')
  const options = { batchRows: batch, removeOrphans: removeOrphans === true }
  const verification = new Verification(place, options, connections, ({ rows, entries }) =>
    progress.tell(rows + entries),
  )
  const result = await verification.run()
  progress.end()
  return result
}

function printResult(result: VerifyResult, { keyspace, vindex }: Named): string {
  const { rows, entries, counts, examples, removed, untold } = result
  const lines = [
    ['missing', 'rows have no entry; run: shardgate ctl lookup backfill'],
    ['wrong', 'entries have the keyspace id of no such row; run: shardgate ctl lookup backfill'],
    ['duplicate', 'rows have a value that another row has: change or delete them'],
    ['orphan', 'entries have no row; run: shardgate ctl lookup verify --remove-orphans'],
  ] as const
  const differences = lines.flatMap(([kind, text]) =>
    counts[kind] === 0
      ? []
      : [
          `${counts[kind]} ${text}${text.includes('run:') ? ` ${keyspace} ${vindex}` : ''}`,
          ...examples[kind].map((each) => `  ${each}`),
        ],
  )
  const all = [
    `${keyspace}.${vindex}: ${rows} rows, ${entries} entries`,
    ...(removed > 0 ? [`${removed} entries without a row were deleted`] : []),
    ...(untold > 0
      ? [`${untold} entries were not looked for in the owner: they have numbers in the place of values`]
      : []),
    ...(differences.length > 0 ? differences : ['no differences']),
  ]
  return `${all.join('\n')}\n`
}

// -------------------------------------------------------------------------------------- externalize, cancel

export function externalizeLookup(
  command: Command,
  flags: VerifyFlags & Named,
  finish: Finish,
): Promise<void> {
  return withLookups(command, async ({ admin, connections, print }) => {
    const { keyspace, vindex: name } = flags
    const snapshot = await admin.snapshot()
    const place = await findLookup(snapshot, keyspace, name, connections)
    if (!place.vindex.backfilling) throw new Error(`vindex ${name} of ${keyspace} is readable already`)
    const result = await verify(place, flags, connections)
    if (!isClean(result)) {
      print(
        { externalized: false, ...result },
        `${printResult(result, flags)}vindex ${name} stays write_only\n`,
      )
      return finish(1)
    }
    const of = fingerprintOf(snapshot.vschemas.get(keyspace), name)
    await admin.changeVSchemas(
      [keyspace],
      (now) => {
        const json = now.get(keyspace)
        if (fingerprintOf(json, name) !== of)
          throw new Error(
            `vindex ${name} was changed while it was verified; nothing was changed: run this again`,
          )
        return new Map([[keyspace, readable(json, name)]])
      },
      [deleteLookupWork(keyspace, name)],
    )
    print(
      { externalized: true, ...result },
      `${printResult(result, flags)}vindex ${name} of ${keyspace} is read from now on\n`,
    )
  })
}

export function cancelLookup(command: Command, flags: CancelFlags & Named): Promise<void> {
  return withLookups(command, async ({ admin, store, connections, print }) => {
    const { keyspace, vindex: name } = flags
    const snapshot = await admin.snapshot()
    const vschema = await vschemaOf(snapshot, [], connections)
    const { vindex, table } = definedLookup(vschema, keyspace, name)
    if (!vindex.backfilling)
      throw new Error(
        `vindex ${name} is read: give it "write_only": "true" first (shardgate ctl vschema apply ${keyspace} FILE), ` +
          'and cancel it when all proxies have seen that',
      )
    const work = (await readLookupWork(store, keyspace, name))?.work
    const drops = flags.dropTable === true
    if (drops && work?.createdTable !== true)
      throw new Error(
        `table ${table.keyspace}.${table.name} was not created with the vindex: cancel without --drop-table, and drop it by DROP TABLE`,
      )
    const undeclares = drops && work?.declaredTable === true
    await admin.changeVSchemas(
      [keyspace, table.keyspace],
      (now) => {
        const changed = new Map<string, unknown>([[keyspace, withoutLookup(now.get(keyspace), name)]])
        if (undeclares)
          changed.set(
            table.keyspace,
            withoutTable(changed.get(table.keyspace) ?? now.get(table.keyspace), table.name),
          )
        return changed
      },
      [deleteLookupWork(keyspace, name)],
    )
    if (drops) {
      await pause(flags.settle)
      for (const { tablet } of shardsOf(snapshot, table.keyspace))
        await (await connections.to(tablet)).query(`DROP TABLE IF EXISTS ${quoteName(table.name)}`)
    }
    const rest = drops ? 'dropped' : 'kept'
    print(
      { cancelled: { keyspace, vindex: name, table: `${table.keyspace}.${table.name}`, dropped: drops } },
      `cancelled vindex ${name} of ${keyspace}; ${rest} table ${table.keyspace}.${table.name}\n`,
    )
  })
}
