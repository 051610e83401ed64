import type { ParsedRecord } from './build-snapshot.ts'
import { parseRecord } from './parse-record.ts'
import { parsePath } from './paths.ts'
import type { TopologyProblem } from './snapshot.ts'
import type { RecordEvent, StoredRecord } from './store.ts'

/**
 * The records as last read, each parsed once. A record whose new text cannot be read keeps its last good content
 * and is named in `problems`: one mistyped record must not take the others down.
 */
export class RecordSet {
  readonly #stored = new Map<string, StoredRecord>()
  readonly #parsed = new Map<string, ParsedRecord>()
  readonly #problems = new Map<string, TopologyProblem>()

  /** Replaces everything; returns whether anything is different now. */
  replace(records: readonly StoredRecord[]): boolean {
    const present = new Set(records.map((record) => record.path))
    const gone = [...this.#stored.keys()].filter((path) => !present.has(path))
    const events: RecordEvent[] = [
      ...gone.map((path) => ({ kind: 'delete' as const, path })),
      ...records.map((record) => ({ kind: 'put' as const, record })),
    ]
    return this.apply(events)
  }

  /** Applies changes in order; returns whether anything is different now. */
  apply(events: readonly RecordEvent[]): boolean {
    let changed = false
    for (const event of events) {
      if (event.kind === 'put') changed = this.#put(event.record) || changed
      else changed = this.#delete(event.path) || changed
    }
    return changed
  }

  stored(): readonly StoredRecord[] {
    return [...this.#stored.values()]
  }

  parsed(): Iterable<ParsedRecord> {
    return this.#parsed.values()
  }

  problems(): readonly TopologyProblem[] {
    return [...this.#problems.values()]
  }

  #put(record: StoredRecord): boolean {
    const key = parsePath(record.path)
    if (!key) return false
    const before = this.#stored.get(record.path)
    this.#stored.set(record.path, record)
    if (before?.value === record.value) return false
    try {
      this.#parsed.set(record.path, { key, record: parseRecord(key, record.value) })
      this.#problems.delete(record.path)
    } catch (error) {
      this.#problems.set(record.path, { path: record.path, message: (error as Error).message })
    }
    return true
  }

  #delete(path: string): boolean {
    this.#parsed.delete(path)
    this.#problems.delete(path)
    return this.#stored.delete(path)
  }
}
