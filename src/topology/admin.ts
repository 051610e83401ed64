import { printAlias } from './alias.ts'
import { checkRecord } from './parse-record.ts'
import { isRecordName, parsePath, printPath, type RecordKey } from './paths.ts'
import { readSnapshot } from './read-snapshot.ts'
import type {
  Durability,
  Keyspace,
  PrimarySource,
  Shard,
  Tablet,
  TabletAlias,
  TabletType,
} from './records.ts'
import { keyRangeRecordOf, parseShardName } from './shard-name.ts'
import type { KeyspaceState, ShardState, TopologySnapshot } from './snapshot.ts'
import type { Change, Expectation, TopologyStore } from './store.ts'
import { TopologyError } from './store.ts'

/**
 * Changes of the topology that an operator makes. Each is checked against what is there, and written by
 * compare-and-swap, so that two operators cannot undo each other's work unawares. Throws `TopologyError`.
 */
export class TopologyAdmin {
  readonly #store: TopologyStore

  constructor(store: TopologyStore) {
    this.#store = store
  }

  snapshot(): Promise<TopologySnapshot> {
    return readSnapshot(this.#store)
  }

  async createCell(cell: string): Promise<void> {
    requireName('cell', cell)
    await this.#create({ kind: 'Cell', cell }, {}, `cell ${cell}`)
  }

  async deleteCell(cell: string): Promise<void> {
    const snapshot = await this.snapshot()
    const used = [...snapshot.tablets.values()].find((tablet) => tablet.alias.cell === cell)
    if (used)
      throw invalid(`cell ${cell} still has tablets, such as ${printAlias(used.alias)}; remove them first`)
    await this.#delete({ kind: 'Cell', cell }, `cell ${cell}`)
  }

  async addCellsAlias(alias: string, cells: readonly string[]): Promise<void> {
    requireName('cell alias', alias)
    const snapshot = await this.snapshot()
    for (const cell of cells)
      if (!snapshot.cells.has(cell)) throw new TopologyError('not-found', `cell ${cell} does not exist`)
    await this.#create({ kind: 'CellsAlias', alias }, { cells }, `cell alias ${alias}`)
  }

  async deleteCellsAlias(alias: string): Promise<void> {
    await this.#delete({ kind: 'CellsAlias', alias }, `cell alias ${alias}`)
  }

  /** A new keyspace with its shards, in one step. */
  async createKeyspace(keyspace: string, shards: readonly string[]): Promise<void> {
    requireName('keyspace', keyspace)
    const key: RecordKey = { kind: 'Keyspace', keyspace }
    const changes: Change[] = [putNew(key, {})]
    for (const shard of shards) changes.push(newShard(keyspace, shard))
    await this.#commitNew(changes, `keyspace ${keyspace} exists already`)
  }

  /** A new unsharded keyspace on the servers of another one's only shard, in one step. */
  async createKeyspaceBeside(keyspace: string, beside: string): Promise<void> {
    requireName('keyspace', keyspace)
    const snapshot = await this.snapshot()
    const shards = [...requireKeyspace(snapshot, beside).shards.values()]
    const [shard] = shards
    if (shard === undefined || shards.length > 1) throw invalid(`keyspace ${beside} has not one shard`)
    const uids = [...snapshot.tablets.values()].map(({ alias }) => alias.uid)
    const tablets = shard.tablets.map((tablet, i): Tablet => {
      const { db_name_override: _, ...rest } = tablet
      const alias = { cell: tablet.alias.cell, uid: Math.max(0, ...uids) + 1 + i }
      return { ...rest, alias, keyspace, shard: shard.name }
    })
    const primary = shard.primary === undefined ? -1 : shard.tablets.indexOf(shard.primary)
    const key: RecordKey = { kind: 'Shard', keyspace, shard: shard.name }
    const record: Shard = {
      is_primary_serving: true,
      ...(primary >= 0 && { primary_alias: tablets[primary]!.alias }),
    }
    await this.#commitNew(
      [
        putNew({ kind: 'Keyspace', keyspace }, {}),
        putNew(key, record),
        ...tablets.map((tablet) => putNew({ kind: 'Tablet', alias: tablet.alias }, tablet)),
      ],
      `keyspace ${keyspace} exists already`,
    )
  }

  /** Removes a keyspace; with `isRecursive` also its shards, tablets and VSchema, otherwise it must have none. */
  async deleteKeyspace(keyspace: string, options: { readonly isRecursive: boolean }): Promise<void> {
    const snapshot = await this.snapshot()
    const state = requireKeyspace(snapshot, keyspace)
    const tablets = [...snapshot.tablets.values()].filter((tablet) => tablet.keyspace === keyspace)
    if (!options.isRecursive && (state.shards.size > 0 || tablets.length > 0))
      throw invalid(
        `keyspace ${keyspace} has ${state.shards.size} shards; --recursive removes them and their tablets`,
      )
    const keys: RecordKey[] = [
      ...tablets.map(({ alias }) => ({ kind: 'Tablet', alias }) as const),
      ...[...state.shards.keys()].map((shard) => ({ kind: 'Shard', keyspace, shard }) as const),
      { kind: 'VSchema', keyspace },
      { kind: 'Keyspace', keyspace },
    ]
    for (let i = 0; i < keys.length; i += COMMIT_MAX)
      await this.#store.commit(
        keys.slice(i, i + COMMIT_MAX).map((key) => ({ kind: 'delete', path: printPath(key) })),
      )
  }

  async createShard(keyspace: string, shard: string): Promise<void> {
    requireKeyspace(await this.snapshot(), keyspace)
    await this.#commitNew([newShard(keyspace, shard)], `shard ${keyspace}/${shard} exists already`)
  }

  async deleteShard(keyspace: string, shard: string): Promise<void> {
    const state = requireShard(await this.snapshot(), keyspace, shard)
    if (state.tablets.length > 0)
      throw invalid(`shard ${keyspace}/${shard} has ${state.tablets.length} tablets; remove them first`)
    await this.#delete({ kind: 'Shard', keyspace, shard }, `shard ${keyspace}/${shard}`)
  }

  async setServing(keyspace: string, shard: string, isServing: boolean): Promise<void> {
    requireShard(await this.snapshot(), keyspace, shard)
    await this.#update<Shard>({ kind: 'Shard', keyspace, shard }, (record) => ({
      ...record,
      is_primary_serving: isServing,
    }))
  }

  /** How the primaries of a keyspace are found. */
  async setPrimarySource(keyspace: string, primary: PrimarySource): Promise<void> {
    requireKeyspace(await this.snapshot(), keyspace)
    await this.#update<Keyspace>({ kind: 'Keyspace', keyspace }, (record) => ({ ...record, primary }))
  }

  async setDurability(keyspace: string, durability: Durability): Promise<void> {
    requireKeyspace(await this.snapshot(), keyspace)
    await this.#update<Keyspace>({ kind: 'Keyspace', keyspace }, (record) => ({
      ...record,
      durability_policy: durability,
    }))
  }

  async setManaged(alias: TabletAlias, managed: boolean): Promise<void> {
    requireTablet(await this.snapshot(), alias)
    await this.#update<Tablet>({ kind: 'Tablet', alias }, ({ managed: _before, ...record }) => ({
      ...record,
      ...(managed && { managed }),
    }))
  }

  /** Takes a tablet out of use, and says why in its tag `NEEDS_REPAIR`; or, with `why` undefined, back as a replica. */
  async setNeedsRepair(alias: TabletAlias, why: string | undefined): Promise<void> {
    await this.#update<Tablet>({ kind: 'Tablet', alias }, ({ tags, ...record }) => {
      const { [NEEDS_REPAIR]: _before, ...others } = tags ?? {}
      const now = { ...others, ...(why !== undefined && { [NEEDS_REPAIR]: why }) }
      return {
        ...record,
        type: why === undefined ? 'REPLICA' : 'DRAINED',
        ...(Object.keys(now).length > 0 && { tags: now }),
      }
    })
  }

  /** Names the primary of its shard, the present one anew, too. The records of both tablets change with the shard's, in one step. */
  async setPrimary(alias: TabletAlias): Promise<void> {
    const snapshot = await this.snapshot()
    const tablet = requireTablet(snapshot, alias)
    const shard = requireShard(snapshot, tablet.keyspace, tablet.shard)
    const shardKey: RecordKey = { kind: 'Shard', keyspace: tablet.keyspace, shard: tablet.shard }
    const isOther = (t: Tablet) => t.type === 'PRIMARY' && printAlias(t.alias) !== printAlias(alias)
    const changes = [
      await this.#change<Shard>(shardKey, (record) => ({
        ...record,
        primary_alias: alias,
        primary_term_start_time: timestamp(Date.now()),
      })),
      await this.#change<Tablet>({ kind: 'Tablet', alias }, (record) => ({ ...record, type: 'PRIMARY' })),
    ]
    for (const other of shard.tablets.filter(isOther))
      changes.push(
        await this.#change<Tablet>({ kind: 'Tablet', alias: other.alias }, (record) => ({
          ...record,
          type: 'REPLICA',
        })),
      )
    await this.#store.commit(changes)
  }

  /** A new tablet. A PRIMARY becomes the primary of its shard when that has none. */
  async registerTablet(tablet: Tablet): Promise<void> {
    requireName('cell', tablet.alias.cell)
    const snapshot = await this.snapshot()
    const shard = requireShard(snapshot, tablet.keyspace, tablet.shard)
    const name = printAlias(tablet.alias)
    const changes: Change[] = []
    if (!snapshot.cells.has(tablet.alias.cell))
      changes.push(putNew({ kind: 'Cell', cell: tablet.alias.cell }, {}))
    changes.push(putNew({ kind: 'Tablet', alias: tablet.alias }, tablet))
    if (tablet.type === 'PRIMARY') {
      const { primary_alias: primary } = shard.record
      if (primary && printAlias(primary) !== name)
        throw invalid(
          `shard ${tablet.keyspace}/${tablet.shard} has the primary ${printAlias(primary)}; ` +
            'register this one as REPLICA, then make it the primary',
        )
      const key: RecordKey = { kind: 'Shard', keyspace: tablet.keyspace, shard: tablet.shard }
      changes.push(await this.#change<Shard>(key, (record) => ({ ...record, primary_alias: tablet.alias })))
    }
    await this.#commitNew(changes, `tablet ${name} exists already`)
  }

  /** Removes a tablet; when it is its shard's primary, the shard has none afterwards. */
  async removeTablet(alias: TabletAlias): Promise<void> {
    const snapshot = await this.snapshot()
    const tablet = requireTablet(snapshot, alias)
    const changes: Change[] = [{ kind: 'delete', path: printPath({ kind: 'Tablet', alias }) }]
    const shard = snapshot.keyspaces.get(tablet.keyspace)?.shards.get(tablet.shard)
    const primary = shard?.record.primary_alias
    if (shard && primary && printAlias(primary) === printAlias(alias)) {
      const key: RecordKey = { kind: 'Shard', keyspace: tablet.keyspace, shard: tablet.shard }
      changes.push(await this.#change<Shard>(key, ({ primary_alias: _gone, ...rest }) => rest))
    }
    await this.#store.commit(changes)
  }

  async setTabletType(alias: TabletAlias, type: TabletType): Promise<void> {
    if (type === 'PRIMARY') return await this.setPrimary(alias)
    requireTablet(await this.snapshot(), alias)
    await this.#update<Tablet>({ kind: 'Tablet', alias }, (record) => ({ ...record, type }))
  }

  /** What a tablet is as a replica: its share of the reads, and whether it gets any. */
  async setReplica(
    alias: TabletAlias,
    replica: { readonly weight?: number; readonly draining?: boolean },
  ): Promise<void> {
    requireTablet(await this.snapshot(), alias)
    await this.#update<Tablet>({ kind: 'Tablet', alias }, (record) => ({ ...record, ...replica }))
  }

  /**
   * Makes a keyspace's VSchema anew of what it is, `undefined` for none; `change` is asked again when another one was faster.
   * Answers what was written.
   */
  async changeVSchema(keyspace: string, change: (json: unknown) => Promise<unknown>): Promise<unknown> {
    requireKeyspace(await this.snapshot(), keyspace)
    const key: RecordKey = { kind: 'VSchema', keyspace }
    const path = printPath(key)
    for (let turn = 1; ; turn++) {
      const found = await this.#store.get(path)
      const json = await change(found === undefined ? undefined : JSON.parse(found.value))
      checkRecord(key, json)
      const expect = found === undefined ? ABSENT : versionOf(found.version)
      try {
        await this.#store.commit([{ kind: 'put', path, value: JSON.stringify(json), expect }])
        return json
      } catch (error) {
        const isConflict = error instanceof TopologyError && error.kind === 'conflict'
        if (!isConflict || turn === CHANGES_MAX) throw error
      }
    }
  }

  /** Writes a VSchema or rules as they are; whether they make sense is for the caller to check before. */
  async put(
    key: RecordKey & { kind: 'VSchema' | 'RoutingRules' | 'ShardRoutingRules' | 'QueryRules' },
    json: unknown,
  ): Promise<void> {
    checkRecord(key, json)
    if (key.kind === 'VSchema') requireKeyspace(await this.snapshot(), key.keyspace)
    await this.#store.commit([{ kind: 'put', path: printPath(key), value: JSON.stringify(json) }])
  }

  /** Throws where there are none. */
  removeQueryRules(): Promise<void> {
    return this.#delete({ kind: 'QueryRules' }, 'a record of query rules')
  }

  /**
   * New VSchemas of keyspaces, in one step with `more`, made of what they are now by `change`; one that it leaves out stays as it is.
   * `change` may throw.
   */
  async changeVSchemas(
    keyspaces: readonly string[],
    change: (now: ReadonlyMap<string, unknown>) => ReadonlyMap<string, unknown>,
    more: readonly Change[] = [],
  ): Promise<void> {
    const snapshot = await this.snapshot()
    const now = new Map<string, unknown>()
    const expected = new Map<string, Expectation>()
    for (const keyspace of new Set(keyspaces)) {
      requireKeyspace(snapshot, keyspace)
      const found = await this.#store.get(printPath({ kind: 'VSchema', keyspace }))
      if (found !== undefined) now.set(keyspace, JSON.parse(found.value))
      expected.set(keyspace, found === undefined ? ABSENT : versionOf(found.version))
    }
    const changes = [...change(now)].map(([keyspace, json]): Change => {
      const key: RecordKey = { kind: 'VSchema', keyspace }
      checkRecord(key, json)
      const expect = expected.get(keyspace)
      return { kind: 'put', path: printPath(key), value: JSON.stringify(json), ...(expect && { expect }) }
    })
    await this.#store.commit([...changes, ...more])
  }

  async #create(key: RecordKey, json: unknown, what: string): Promise<void> {
    await this.#commitNew([putNew(key, json)], `${what} exists already`)
  }

  async #delete(key: RecordKey, what: string): Promise<void> {
    const path = printPath(key)
    const found = await this.#store.get(path)
    if (!found) throw new TopologyError('not-found', `${what} does not exist`)
    await this.#store.commit([{ kind: 'delete', path, expect: versionOf(found.version) }])
  }

  async #update<T>(key: RecordKey, change: (record: T) => T): Promise<void> {
    await this.#store.commit([await this.#change(key, change)])
  }

  /** A write that holds only while the record is as it was when `change` saw it. */
  async #change<T>(key: RecordKey, change: (record: T) => T): Promise<Change> {
    const path = printPath(key)
    const found = await this.#store.get(path)
    if (!found) throw new TopologyError('not-found', `${path} does not exist`)
    const json = change(JSON.parse(found.value) as T)
    checkRecord(key, json)
    return { kind: 'put', path, value: JSON.stringify(json), expect: versionOf(found.version) }
  }

  /** A conflict on a record that must be new means that it is there. */
  async #commitNew(changes: readonly Change[], exists: string): Promise<void> {
    try {
      await this.#store.commit(changes)
    } catch (error) {
      const isConflict = error instanceof TopologyError && error.kind === 'conflict'
      throw isConflict ? new TopologyError('exists', exists, { cause: error }) : error
    }
  }
}

/** Tag of a tablet that was taken out of use. */
export const NEEDS_REPAIR = 'needs_repair'
const COMMIT_MAX = 100
/** Whoever is beaten has been beaten by one who went on: so many sessions change one record at once, and no more. */
const CHANGES_MAX = 32
const ABSENT: Expectation = { kind: 'absent' }

function versionOf(version: string): Expectation {
  return { kind: 'version', version }
}

function putNew(key: RecordKey, json: unknown): Change {
  checkRecord(key, json)
  return { kind: 'put', path: printPath(key), value: JSON.stringify(json), expect: ABSENT }
}

function newShard(keyspace: string, shard: string): Change {
  if (!parseShardName(shard) || !parsePath(printPath({ kind: 'Shard', keyspace, shard })))
    throw invalid(
      `'${shard}' is no shard name; use a key range such as -80, 80-c0 or c0-, or 0 when unsharded`,
    )
  const keyRange = keyRangeRecordOf(shard)
  return putNew(
    { kind: 'Shard', keyspace, shard },
    { is_primary_serving: true, ...(keyRange && { key_range: keyRange }) },
  )
}

function requireName(what: string, name: string): void {
  if (!isRecordName(name))
    throw invalid(
      `'${name}' cannot be the name of a ${what}: 1 to 64 characters, no spaces, none of / : @ [ ] . and quotes`,
    )
}

function requireKeyspace(snapshot: TopologySnapshot, name: string): KeyspaceState {
  const found = snapshot.keyspaces.get(name)
  if (found) return found
  const known = [...snapshot.keyspaces.keys()].join(', ') || 'none'
  throw new TopologyError('not-found', `keyspace ${name} does not exist (known: ${known})`)
}

function requireShard(snapshot: TopologySnapshot, keyspace: string, shard: string): ShardState {
  const state = requireKeyspace(snapshot, keyspace)
  const found = state.shards.get(shard)
  if (found) return found
  const known = [...state.shards.keys()].join(', ') || 'none'
  throw new TopologyError('not-found', `shard ${keyspace}/${shard} does not exist (known: ${known})`)
}

function requireTablet(snapshot: TopologySnapshot, alias: TabletAlias): Tablet {
  const found = snapshot.tablets.get(printAlias(alias))
  if (found) return found
  throw new TopologyError('not-found', `tablet ${printAlias(alias)} does not exist`)
}

function invalid(message: string): TopologyError {
  return new TopologyError('invalid', message)
}

/** As protobuf's JSON has Vitess's `vttime.Time`. */
function timestamp(epochMs: number): { readonly seconds: string; readonly nanoseconds: number } {
  const seconds = Math.floor(epochMs / 1000)
  return { seconds: String(seconds), nanoseconds: (epochMs - seconds * 1000) * 1_000_000 }
}
