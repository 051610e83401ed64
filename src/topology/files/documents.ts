import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { parseAlias, printAlias } from '../alias.ts'
import { EVENTS } from '../events.ts'
import { LOOKUP_WORK } from '../lookup-work.ts'
import { parsePath, printPath } from '../paths.ts'
import type { TabletAlias } from '../records.ts'
import { REPARENT_WORK } from '../reparent-work.ts'
import type { StoredRecord } from '../store.ts'
import { TopologyError } from '../store.ts'

/**
 * The topology as files of one directory:
 *
 *     topology.json               everything but the VSchemas
 *     <keyspace>/vschema.json     the VSchema of a keyspace, or, where folders cannot be (a ConfigMap):
 *     <keyspace>.vschema.json
 *
 * topology.json: `{"cells": {name: Cell}, "cells_aliases": {name: CellsAlias}, "keyspaces": {name: Keyspace + "shards": {name: Shard}},
 * "tablets": {alias: Tablet without "alias"}, "routing_rules": {…}, "shard_routing_rules": {…}, "query_rules": {…},
 * "lookups": {keyspace/vindex: LookupWork}, "reparents": {keyspace/shard: ReparentWork}, "events": {number: Event}}`.
 */
export const TOPOLOGY_FILE = 'topology.json'
const VSCHEMA_FILE = 'vschema.json'
const VSCHEMA_SUFFIX = '.vschema.json'

type Json = Record<string, unknown>

export interface TopologyDocument {
  cells: Record<string, Json>
  cells_aliases?: Record<string, Json> | undefined
  keyspaces: Record<string, Json & { shards?: Record<string, Json> }>
  tablets: Record<string, Json>
  routing_rules?: Json | undefined
  shard_routing_rules?: Json | undefined
  query_rules?: Json | undefined
  lookups?: Record<string, Json> | undefined
  reparents?: Record<string, Json> | undefined
  events?: Record<string, Json> | undefined
}

/** Records that nobody follows, by how their paths begin; the rest of the path is the entry's name. */
const ASIDE = { lookups: LOOKUP_WORK, reparents: REPARENT_WORK, events: EVENTS } as const
const ASIDE_FIELDS = Object.keys(ASIDE) as (keyof typeof ASIDE)[]

/** What the directory holds: the document, and for each keyspace the file of its VSchema with its text. */
export interface Documents {
  readonly topology: TopologyDocument
  readonly vschemas: ReadonlyMap<string, { readonly file: string; readonly text: string }>
}

const object = z.record(z.string(), z.unknown())
const documentSchema = z.strictObject({
  $schema: z.string().optional(),
  cells: z.record(z.string(), object).default({}),
  cells_aliases: z.record(z.string(), object).optional(),
  keyspaces: z
    .record(z.string(), z.looseObject({ shards: z.record(z.string(), object).optional() }))
    .default({}),
  tablets: z.record(z.string(), object).default({}),
  routing_rules: object.optional(),
  shard_routing_rules: object.optional(),
  query_rules: object.optional(),
  lookups: z.record(z.string(), object).optional(),
  reparents: z.record(z.string(), object).optional(),
  events: z.record(z.string(), object).optional(),
})

/** Reads the directory. A missing topology.json is an empty one; one that cannot be read is an error that says why. */
export async function readDocuments(dir: string): Promise<Documents> {
  const vschemas = new Map<string, { file: string; text: string }>()
  const entries = await readDirectory(dir)
  for (const { name } of entries) {
    if (name.startsWith('.')) continue // `..data` and the like of a mounted ConfigMap
    const isFlat = name.endsWith(VSCHEMA_SUFFIX)
    const keyspace = isFlat ? name.slice(0, -VSCHEMA_SUFFIX.length) : name
    const file = isFlat ? join(dir, name) : join(dir, name, VSCHEMA_FILE)
    const text = await readOptional(file)
    if (text !== undefined && keyspace !== '') vschemas.set(keyspace, { file, text })
  }
  const text = await readOptional(join(dir, TOPOLOGY_FILE))
  return { topology: parseDocument(join(dir, TOPOLOGY_FILE), text ?? '{}'), vschemas }
}

/** The file that a keyspace's VSchema goes to: where it is already, else its folder. */
export function vschemaFile(dir: string, documents: Documents, keyspace: string): string {
  return documents.vschemas.get(keyspace)?.file ?? join(dir, keyspace, VSCHEMA_FILE)
}

/** The directory's content as records, ordered by path. A version is a digest of the record's text. */
export function toRecords({ topology, vschemas }: Documents): StoredRecord[] {
  const values = new Map<string, string>()
  const put = (key: Parameters<typeof printPath>[0], value: unknown) =>
    values.set(printPath(key), typeof value === 'string' ? value : JSON.stringify(value))
  for (const [cell, record] of Object.entries(topology.cells)) put({ kind: 'Cell', cell }, record)
  for (const [alias, record] of Object.entries(topology.cells_aliases ?? {}))
    put({ kind: 'CellsAlias', alias }, record)
  for (const [keyspace, { shards = {}, ...record }] of Object.entries(topology.keyspaces)) {
    put({ kind: 'Keyspace', keyspace }, record)
    for (const [shard, value] of Object.entries(shards)) put({ kind: 'Shard', keyspace, shard }, value)
  }
  for (const [name, record] of Object.entries(topology.tablets)) {
    const alias = aliasNamed(name)
    put({ kind: 'Tablet', alias }, { alias, ...record })
  }
  if (topology.routing_rules) put({ kind: 'RoutingRules' }, topology.routing_rules)
  if (topology.shard_routing_rules) put({ kind: 'ShardRoutingRules' }, topology.shard_routing_rules)
  if (topology.query_rules) put({ kind: 'QueryRules' }, topology.query_rules)
  for (const [keyspace, { text }] of vschemas) put({ kind: 'VSchema', keyspace }, text)
  for (const field of ASIDE_FIELDS)
    for (const [name, record] of Object.entries(topology[field] ?? {}))
      values.set(`${ASIDE[field]}${name}`, JSON.stringify(record))
  return [...values].sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, value]) => toRecord(path, value))
}

function toRecord(path: string, value: string): StoredRecord {
  return { path, value, version: createHash('sha256').update(value).digest('hex').slice(0, 24) }
}

/**
 * Puts one record into `document` (a VSchema is not in it) or, with `value` undefined, takes it out.
 * Removing a keyspace's record removes the keyspace with its shards: a folder without a name cannot hold them.
 */
export function setRecord(document: TopologyDocument, path: string, value: Json | undefined): void {
  const aside = ASIDE_FIELDS.find((field) => path.startsWith(ASIDE[field]))
  if (aside !== undefined) {
    const entries = document[aside] ?? {}
    setEntry(entries, path.slice(ASIDE[aside].length), value)
    document[aside] = Object.keys(entries).length === 0 ? undefined : entries
    return
  }
  const key = parsePath(path)
  if (!key) throw new TopologyError('invalid', `${path} is no record that a topology directory can hold`)
  const { cells, keyspaces, tablets } = document
  switch (key.kind) {
    case 'Cell':
      setEntry(cells, key.cell, value)
      break
    case 'CellsAlias':
      document.cells_aliases ??= {}
      setEntry(document.cells_aliases, key.alias, value)
      if (Object.keys(document.cells_aliases).length === 0) document.cells_aliases = undefined
      break
    case 'Keyspace': {
      const shards = keyspaces[key.keyspace]?.shards
      setEntry(keyspaces, key.keyspace, value && { ...value, ...(shards && { shards }) })
      break
    }
    case 'Shard': {
      const { shards = {}, ...keyspace } = keyspaces[key.keyspace] ?? {}
      setEntry(shards, key.shard, value)
      keyspaces[key.keyspace] = { ...keyspace, shards }
      break
    }
    case 'Tablet': {
      const { alias: _named, ...rest } = value ?? {}
      setEntry(tablets, printAlias(key.alias), value && rest)
      break
    }
    case 'RoutingRules':
      document.routing_rules = value
      break
    case 'ShardRoutingRules':
      document.shard_routing_rules = value
      break
    case 'QueryRules':
      document.query_rules = value
      break
    case 'VSchema':
      throw new TopologyError('invalid', 'a VSchema has a file of its own')
  }
}

function setEntry(map: Record<string, Json>, name: string, value: Json | undefined): void {
  if (value) map[name] = value
  else delete map[name]
}

function parseDocument(file: string, text: string): TopologyDocument {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new TopologyError('unavailable', `${file} is not JSON: ${(error as Error).message}`, {
      cause: error,
    })
  }
  const result = documentSchema.safeParse(json)
  if (!result.success) {
    const issues = result.error.issues.map((i) => `${i.path.join('.') || 'document'}: ${i.message}`)
    throw new TopologyError('unavailable', `${file}: ${issues.join('; ')}`)
  }
  const { $schema: _editor, ...document } = result.data
  return document as TopologyDocument
}

function aliasNamed(name: string): TabletAlias {
  const alias = parseAlias(name)
  if (alias) return alias
  throw new TopologyError(
    'unavailable',
    `${TOPOLOGY_FILE}: tablets.${name}: an alias is cell-uid, such as zone1-100`,
  )
}

async function readDirectory(dir: string) {
  try {
    return await readdir(dir, { withFileTypes: true })
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'it does not exist' : String(error)
    throw new TopologyError('unavailable', `topology directory ${dir} cannot be read: ${reason}`, {
      cause: error,
    })
  }
}

const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'EISDIR'])

async function readOptional(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (ABSENT.has((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw new TopologyError('unavailable', `${file} cannot be read: ${(error as Error).message}`, {
      cause: error,
    })
  }
}
