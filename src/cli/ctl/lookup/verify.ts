import { groupBy } from '../../../base/group-by.ts'
import { printKeyspaceId } from '../../../key/keyspace-id.ts'
import type { Value } from '../../../values/value.ts'
import {
  distinctEntries,
  type Entry,
  lookupShardOf,
  type OwnerRow,
  printValues,
  sameId,
  textOf,
} from './entries.ts'
import { alikeIn, idsOf, readEntries, removeEntry } from './lookup-rows.ts'
import { canBeOwned, isOwned, lockRow, ownedAlike, readBatch, shardOf } from './owner-rows.ts'
import type { LookupPlace, ShardPlace } from './place.ts'
import { pause, type ShardConnections, untilLocked } from './shard-connection.ts'

/** A difference between a lookup table and its owner. */
export type DifferenceKind =
  /** A row of the owner has no entry. */
  | 'missing'
  /** Its value has the keyspace id of another shard's row that does not have it. */
  | 'wrong'
  /** Its value, of a unique vindex, is that of another row, too. */
  | 'duplicate'
  /** An entry has no row. */
  | 'orphan'

export interface VerifyOptions {
  readonly batchRows: number
  readonly removeOrphans: boolean
}

export interface VerifyResult {
  readonly rows: number
  readonly entries: number
  readonly counts: Readonly<Record<DifferenceKind, number>>
  /** The first ones of each kind, as text. */
  readonly examples: Readonly<Record<DifferenceKind, readonly string[]>>
  /** Orphans that are no more. */
  readonly removed: number
  /** Entries of which it cannot be told whether they have rows. */
  readonly untold: number
}

const EXAMPLES_MAX = 10

export function isClean({ counts }: VerifyResult): boolean {
  return counts.missing + counts.wrong + counts.duplicate + counts.orphan === 0
}

/**
 * Compares the owner with the lookup table, and the lookup table with the owner, batch by batch. What differs is looked at again under
 * locks, so that writes that are under way are no differences.
 */
export class Verification {
  readonly #place: LookupPlace
  readonly #options: VerifyOptions
  readonly #connections: ShardConnections
  readonly #onBatch: (progress: { readonly rows: number; readonly entries: number }) => void
  readonly #counts: Record<DifferenceKind, number> = { missing: 0, wrong: 0, duplicate: 0, orphan: 0 }
  readonly #examples: Record<DifferenceKind, string[]> = { missing: [], wrong: [], duplicate: [], orphan: [] }
  #rows = 0
  #entries = 0
  #removed = 0
  #untold = 0

  constructor(
    place: LookupPlace,
    options: VerifyOptions,
    connections: ShardConnections,
    onBatch: (progress: { readonly rows: number; readonly entries: number }) => void,
  ) {
    this.#place = place
    this.#options = options
    this.#connections = connections
    this.#onBatch = onBatch
  }

  async run(): Promise<VerifyResult> {
    for (const shard of this.#place.owner.shards) await this.#owner(shard)
    for (const shard of this.#place.lookup.shards) await this.#lookup(shard)
    return {
      rows: this.#rows,
      entries: this.#entries,
      counts: this.#counts,
      examples: this.#examples,
      removed: this.#removed,
      untold: this.#untold,
    }
  }

  // --------------------------------------------------------------------------------------- rows without entries

  async #owner(shard: ShardPlace): Promise<void> {
    const { batchRows: count } = this.#options
    const connection = await this.#connections.to(shard.tablet)
    let from: readonly Value[] | undefined
    for (;;) {
      const rows = await readBatch(this.#place, connection, { from, count, reading: 'plain' })
      for (const row of await this.#notEntered(rows)) await this.#judgeRow(shard, row)
      this.#rows += rows.length
      this.#onBatch({ rows: this.#rows, entries: this.#entries })
      if (rows.length < count) return
      from = rows.at(-1)!.key
    }
  }

  async #notEntered(rows: readonly OwnerRow[]): Promise<readonly OwnerRow[]> {
    const entered = rows.filter(hasEntry)
    const missing: OwnerRow[] = []
    for (const [shard, own] of groupBy(entered, ({ entry }) => lookupShardOf(entry, this.#place))) {
      const connection = await this.#connections.to(shard.tablet)
      const found = await alikeIn(distinctEntries(own), this.#place, connection)
      missing.push(...own.filter(({ entry }) => !found.has(textOf(entry))))
    }
    return missing
  }

  /** As it is now, locked: its entry is there before its row is, and is there as long. */
  async #judgeRow(shard: ShardPlace, { key }: OwnerRow): Promise<void> {
    const place = this.#place
    await untilLocked([this.#connections], async () => {
      const row = await lockRow(place, await this.#connections.to(shard.tablet), key)
      const entry = row?.entry
      const found = entry && (await this.#differenceOf(entry))
      await this.#connections.rollBack()
      if (found !== undefined) this.#note(found.kind, `${printValues(entry!.cells)}: ${found.text}`)
    })
  }

  async #differenceOf(
    entry: Entry,
  ): Promise<{ readonly kind: DifferenceKind; readonly text: string } | undefined> {
    const place = this.#place
    const connection = await this.#connections.to(lookupShardOf(entry, place).tablet)
    const ids = await idsOf(entry, place, connection, 'LOCK IN SHARE MODE')
    if (ids.some((id) => sameId(id, entry.id))) return undefined
    const [held] = ids
    const own = printKeyspaceId(entry.id)
    if (held === undefined) return { kind: 'missing', text: `no entry of keyspace id ${own}` }
    const isTaken = await isOwned({ ...entry, id: held }, place, this.#connections, 'lock')
    const text = `the entry has keyspace id ${printKeyspaceId(held)}, a row ${own}`
    return { kind: isTaken === true ? 'duplicate' : 'wrong', text }
  }

  // --------------------------------------------------------------------------------------- entries without rows

  async #lookup(shard: ShardPlace): Promise<void> {
    const { batchRows: count } = this.#options
    let from: readonly Value[] | undefined
    for (;;) {
      const { entries, last } = await readEntries(this.#place, shard, { from, count }, this.#connections)
      const known = entries.flatMap((entry) => entry ?? [])
      for (let i = known.length; i < entries.length; i++) this.#note('orphan', 'a keyspace id that is none')
      if (canBeOwned(this.#place)) await this.#judgeEntries(shard, await this.#notOwned(known))
      else this.#untold += known.length
      this.#entries += entries.length
      this.#onBatch({ rows: this.#rows, entries: this.#entries })
      if (entries.length < count) return
      from = last
    }
  }

  async #notOwned(entries: readonly Entry[]): Promise<readonly Entry[]> {
    const orphans: Entry[] = []
    for (const [shard, own] of groupBy(entries, ({ id }) => shardOf(this.#place.owner, id))) {
      const connection = await this.#connections.to(shard.tablet)
      const found = await ownedAlike(own, this.#place, connection, this.#options.batchRows)
      orphans.push(...own.filter((entry) => !found.has(textOf(entry))))
    }
    return orphans
  }

  /** Under locks, and several times: an entry that goes after its row has gone is left a moment for it. */
  async #judgeEntries(shard: ShardPlace, entries: readonly Entry[]): Promise<void> {
    let left = entries
    for (let look = 1; left.length > 0; look++) {
      const isLast = look === ORPHAN_LOOKS
      const orphans: Entry[] = []
      for (const entry of left) {
        const state = await untilLocked([this.#connections], () => this.#lookAt(shard, entry, isLast))
        if (state === 'removed') this.#removed++
        if (state === 'orphan') orphans.push(entry)
      }
      if (isLast) {
        for (const { cells, id } of orphans)
          this.#note('orphan', `${printValues(cells)}: keyspace id ${printKeyspaceId(id)}`)
        return
      }
      left = orphans
      if (left.length > 0) await pause(ORPHAN_PAUSE_MS)
    }
  }

  async #lookAt(shard: ShardPlace, entry: Entry, isLast: boolean): Promise<'owned' | 'orphan' | 'removed'> {
    const place = this.#place
    const removes = this.#options.removeOrphans && isLast
    const connection = await this.#connections.to(shard.tablet)
    const ids = await idsOf(entry, place, connection, removes ? 'FOR UPDATE' : 'LOCK IN SHARE MODE')
    const isThere = ids.some((id) => sameId(id, entry.id))
    const owned = isThere ? await isOwned(entry, place, this.#connections, 'lock') : true
    if (owned === false && removes) {
      await removeEntry(entry, place, connection)
      await this.#connections.commit(shard.tablet)
      return 'removed'
    }
    await this.#connections.rollBack()
    return owned === false ? 'orphan' : 'owned'
  }

  #note(kind: DifferenceKind, text: string): void {
    this.#counts[kind]++
    if (this.#examples[kind].length < EXAMPLES_MAX) this.#examples[kind].push(text)
  }
}

const ORPHAN_LOOKS = 3
const ORPHAN_PAUSE_MS = 300

function hasEntry(row: OwnerRow): row is OwnerRow & { readonly entry: Entry } {
  return row.entry !== undefined
}
