/**
 * A store of small text records under slash-separated paths, with compare-and-swap, a watch and elections.
 * Two implementations: `etcd/` for production, `files/` for one machine or a mounted ConfigMap.
 * `paths.ts` says which record lives where; the store itself does not look into the texts.
 */
export interface TopologyStore {
  /** What and where, for messages: `etcd at http://127.0.0.1:2379/shardgate`. */
  readonly description: string

  get(path: string): Promise<StoredRecord | undefined>

  /** Every record, at one revision. Topologies are small: thousands of records of a few hundred bytes. */
  list(): Promise<Listing>

  /**
   * Writes records and deletes others in one atomic step, if every `expect` still holds.
   * Throws `TopologyError` of kind `conflict` when one does not; then nothing was changed. With `fences` it also throws, of kind
   * `fenced`, when one of these leaderships has ended: the store itself compares, so that a leader that was asleep writes nothing.
   */
  commit(changes: readonly Change[], fences?: readonly Fence[]): Promise<void>

  /**
   * Reports every change after `revision` (of a `Listing`), in order, until it is closed or ends. A watch ends
   * once, with the reason: the connection broke, the history was compacted away. It does not start again by
   * itself: whoever watches lists again and watches from there (`follower.ts`).
   */
  watch(revision: Revision, handlers: WatchHandlers): Watch

  /**
   * Resolves when this process leads the election `name`, which may be never; `signal` gives up.
   * `value` says who leads, for people who look. Leadership ends by itself `ttlMs` after this process was last heard of.
   */
  campaign(name: string, value: string, options: { ttlMs: number; signal: AbortSignal }): Promise<Leadership>

  /** Ends watches and connections. Leaderships are resigned. */
  close(): Promise<void>
}

/** Opaque to everybody but the store that issued it; changes whenever the store's content does. */
export type Revision = string

export interface StoredRecord {
  readonly path: string
  readonly value: string
  /** Changes with each write of this record. */
  readonly version: string
}

export interface Listing {
  readonly records: readonly StoredRecord[]
  readonly revision: Revision
}

/** `expect`: `absent`, or the version that was read; without it the change is made whatever is there. */
export type Change =
  | { readonly kind: 'put'; readonly path: string; readonly value: string; readonly expect?: Expectation }
  | { readonly kind: 'delete'; readonly path: string; readonly expect?: Expectation }
export type Expectation = { readonly kind: 'absent' } | { readonly kind: 'version'; readonly version: string }

export type RecordEvent =
  | { readonly kind: 'put'; readonly record: StoredRecord }
  | { readonly kind: 'delete'; readonly path: string }

export interface WatchHandlers {
  /**
   * `events` belong to one revision or several, in order; `revision` is the last.
   * Without events it is a sign of life; the first of these says that the watch stands.
   */
  onEvents(events: readonly RecordEvent[], revision: Revision): void
  /** Called once, never after `close()`. */
  onEnd(reason: Error): void
}

export interface Watch {
  close(): void
}

/** What shows in the store that a leadership goes on. */
export interface Fence {
  readonly path: string
  readonly token: string
}

export interface Leadership {
  /** Aborted when leadership is lost or resigned; work that needs the leader must stop then. */
  readonly lost: AbortSignal
  readonly fence: Fence
  /**
   * Whether it certainly goes on at this moment, by the clock: a process that was stopped finds that out here, before the timer of
   * `lost` has had its turn.
   */
  isHeld(): boolean
  resign(): Promise<void>
}

export type TopologyErrorKind =
  | 'conflict'
  | 'fenced'
  | 'unavailable'
  | 'invalid'
  | 'not-found'
  | 'exists'
  | 'denied'
  | 'closed'

/** Thrown by `commit` when a leadership of its fences has ended. */
export function fenced(): TopologyError {
  return new TopologyError('fenced', 'nothing was written: the leadership that the change needs has ended')
}

/** A failure of the topology; handlers look at `kind`, people read the message, which names the thing and the way out. */
export class TopologyError extends Error {
  readonly kind: TopologyErrorKind

  constructor(kind: TopologyErrorKind, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'TopologyError'
    this.kind = kind
  }
}
