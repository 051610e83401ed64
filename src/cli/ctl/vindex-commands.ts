import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { Command } from 'commander'
import { parseKeyRange } from '../../key/key-range.ts'
import { parseKeyspaceId } from '../../key/keyspace-id.ts'
import { resolveDestination, shardRangeOf, tileShards } from '../../key/shard-ranges.ts'
import type { KeyspaceState } from '../../topology/snapshot.ts'
import { parseValueType, type Value, value } from '../../values/value.ts'
import { type MapAnswer, mapLine, mapValues } from '../../vindex/map-lines.ts'
import { createVindex, vindexTypes } from '../../vindex/registry.ts'
import type { Vindex } from '../../vindex/vindex.ts'
import { printer, withTopology } from './ctl-context.ts'
import { printTable } from './table.ts'

interface MapOptions {
  readonly type: string
  readonly params?: string
  readonly keyspace?: string
  readonly as?: string
  readonly stdin?: boolean
}

/** `ctl vindex …` */
export function vindexCommand(): Command {
  const vindex = new Command('vindex').description('where rows live')
  vindex
    .command('types')
    .description('all types of vindexes')
    .action((_options, command: Command) => {
      printer(command.optsWithGlobals())(vindexTypes, `${vindexTypes.join('\n')}\n`)
    })
  vindex
    .command('map [value...]')
    .description(
      'keyspace id, and with --keyspace the shard, of values; a vindex of several columns takes one row',
    )
    .requiredOption('--type <type>', `type of the vindex: ${vindexTypes.join(', ')}`)
    .option('--params <json>', 'its parameters, such as {"column_count": "2"}')
    .option('--keyspace <keyspace>', 'name the shards of this keyspace')
    .option('--as <types>', 'types of the values, such as VARCHAR or INT64,VARCHAR (default: by their looks)')
    .option('--stdin', 'map JSON lines {"in": [{"type": "INT64", "hex": "3132"}]}, one answer a line')
    .action(async (values: readonly string[], options: MapOptions, command: Command) => {
      const vindex = createVindex(options.type, options.type, parseParams(options.params), {
        readFile: (path) => readFileSync(path),
      })
      if (options.stdin) return await mapStdin(vindex)
      if (values.length === 0) throw new Error('give values to map, or --stdin')
      const rows = toRows(vindex, values, options.as)
      const answers = rows.map((row) => mapValues(vindex, row.values))
      const shards = await shardsOf(answers, options.keyspace, command)
      const json = rows.map((row, i) => ({
        value: row.text,
        ...answers[i],
        ...(shards && { shards: shards[i] }),
      }))
      const head = ['value', 'keyspace id', ...(shards ? ['shard'] : [])]
      const table = rows.map((row, i) => [
        row.text,
        describe(answers[i]!),
        ...(shards ? [shards[i]!.join(' ')] : []),
      ])
      printer(command.optsWithGlobals())(json, printTable(head, table))
    })
  return vindex
}

const OUTPUT_BYTES = 64 * 1024

/** One answer for each line, in order; output is gathered so that 100,000 lines are not 100,000 writes. */
async function mapStdin(vindex: Vindex): Promise<void> {
  let out = ''
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line === '') continue
    out += `${mapLine(vindex, line)}\n`
    if (out.length < OUTPUT_BYTES) continue
    if (!process.stdout.write(out)) await once(process.stdout, 'drain')
    out = ''
  }
  if (out !== '') process.stdout.write(out)
}

interface Row {
  readonly text: string
  readonly values: readonly Value[]
}

function toRows(vindex: Vindex, texts: readonly string[], as: string | undefined): readonly Row[] {
  const types = as?.split(',') ?? []
  const values = texts.map((text, i) => toValue(text, vindex.kind === 'multi' ? types[i] : types[0]))
  if (vindex.kind === 'multi') return [{ text: texts.join(', '), values }]
  return texts.map((text, i) => ({ text, values: [values[i]!] }))
}

/** Digits are a number, everything else is text; `--as` says otherwise. */
function toValue(text: string, typeName: string | undefined): Value {
  const guess = /^-\d+$/.test(text) ? 'INT64' : /^\d+$/.test(text) ? 'UINT64' : 'VARCHAR'
  const type = parseValueType(typeName ?? guess)
  if (!type) throw new Error(`'${typeName}' is no type of a value; types are written INT64, VARCHAR, …`)
  return value(type, type === 'NULL' ? new Uint8Array() : Buffer.from(text))
}

function parseParams(text: string | undefined): Record<string, string> {
  if (text === undefined) return {}
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new Error(`--params is not JSON: ${(error as Error).message}`, { cause: error })
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new Error('--params is a JSON object')
  return Object.fromEntries(Object.entries(json).map(([name, param]) => [name, String(param)]))
}

async function shardsOf(
  answers: readonly MapAnswer[],
  keyspace: string | undefined,
  command: Command,
): Promise<readonly (readonly string[])[] | undefined> {
  if (keyspace === undefined) return undefined
  let shards: readonly (readonly string[])[] = []
  await withTopology(command, async ({ admin }) => {
    const state = (await admin.snapshot()).keyspaces.get(keyspace)
    if (!state) throw new Error(`keyspace ${keyspace} does not exist`)
    shards = answers.map((answer) => shardNames(state, answer))
  })
  return shards
}

function shardNames(keyspace: KeyspaceState, answer: MapAnswer): readonly string[] {
  const serving = [...keyspace.shards.values()].filter((shard) => shard.record.is_primary_serving !== false)
  const ranges = tileShards(serving.map((shard) => shardRangeOf(shard.name)))
  if ('ksid' in answer)
    return resolveDestination(ranges, { kind: 'KeyspaceId', id: parseKeyspaceId(answer.ksid) }, () => 0).map(
      (i) => ranges[i]!.name,
    )
  if ('range' in answer)
    return resolveDestination(ranges, { kind: 'KeyRange', range: parseKeyRange(answer.range) }, () => 0).map(
      (i) => ranges[i]!.name,
    )
  return []
}

function describe(answer: MapAnswer): string {
  if ('ksid' in answer) return answer.ksid
  if ('range' in answer) return `range ${answer.range}`
  return 'none' in answer ? '(no row can have it)' : answer.error
}
