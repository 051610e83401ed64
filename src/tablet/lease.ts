import { assert } from '../base/assert.ts'
import type { BackendConnection } from '../mysql/client/backend-connection.ts'
import { forgetStatements } from '../mysql/client/shard-statement.ts'
import { CollectingReader, queryPacket, resetConnection } from '../mysql/client/simple-command.ts'
import { applySettings } from './apply-settings.ts'
import type { ServingTablet } from './serving-tablet.ts'
import {
  DATABASE,
  type GivenVariable,
  type GivenVariables,
  makeSettings,
  type Settings,
  USUAL_KIND,
} from './settings.ts'

/** Who a lease goes back to. */
export interface LeaseOwner {
  readonly tablet: ServingTablet
  /** Takes a connection that is idle, in no transaction and without state beyond its settings. */
  takeBack(lease: Lease): void
  /** Stops what runs on the connection, behind `ahead`; false where the server did not say that it has, or refused that. Never rejects. */
  killQuery(threadId: number, ahead?: Promise<void>): Promise<boolean>
}

/**
 * A connection to a tablet, in the hands of one holder at a time: `held` by whoever took it, `leaving` him, `parked` in its
 * pool, or closed. It goes back by `release`, once; a holder that cannot say what state it leaves it in says `discard`.
 *
 * One object for each connection, used again for every holder: the fast path makes none.
 */
export class Lease {
  readonly connection: BackendConnection
  readonly #owner: LeaseOwner
  #settings: Settings | undefined
  #state: 'held' | 'leaving' | 'parked' = 'held'
  /** It may have variables, locks and temporary tables that nobody knows of. */
  #ranProgram = false
  /** User variables that it has. */
  #variables: Map<string, GivenVariable> | undefined
  /** What the statement behind it relies on and did not wait for; until it is answered. */
  #ahead: Promise<void> | undefined
  /** Closed by `discard`: not lost. */
  #isDiscarded = false
  /** KILLs of what runs here are on their way. */
  #killing: Promise<void> | undefined
  /** Of its pool: epoch ms when it was parked, roughly. */
  parkedAtMs = 0
  /** Of its pool: epoch ms when it is too old to be handed out again. */
  retiresAtMs = Number.POSITIVE_INFINITY
  /** A statement has run out of time here, since it was taken. */
  hasRunLate = false
  /** Of the watch over silent servers: what the connection had read when it was looked at last, and since when. */
  seenActivity = -1
  silentSinceMs = 0

  constructor(connection: BackendConnection, owner: LeaseOwner) {
    this.connection = connection
    this.#owner = owner
  }

  /** The tablet at the other end. */
  get tablet(): ServingTablet {
    return this.#owner.tablet
  }

  /** Key of the settings that the connection has; '' for a new one. */
  get settingsKey(): string {
    return this.#settings?.key ?? ''
  }

  get settings(): Settings | undefined {
    return this.#settings
  }

  get isDiscarded(): boolean {
    return this.#isDiscarded
  }

  get isParked(): boolean {
    return this.#state === 'parked'
  }

  /** Settles when a KILL that is on its way has been carried out or given up; undefined when there is none. */
  get killing(): Promise<void> | undefined {
    return this.#killing
  }

  /** Gives the connection these settings, and the variables. Throws what the server says of one; the connection is lost then. */
  async apply(settings: Settings): Promise<void> {
    if (this.settingsKey !== settings.key) await this.#change(settings)
    this.bring(settings)
  }

  async #change(settings: Settings): Promise<void> {
    // What was prepared was read under the settings of then: sql_mode, character set, default database.
    forgetStatements(this.connection)
    try {
      await applySettings(this.connection, this.#settings?.items, settings, this.tablet.database)
    } catch (error) {
      this.discard()
      throw error
    }
    this.#settings = settings
  }

  /**
   * Gives the connection the statement's user variables where it does not have them, in front of the statement on the wire.
   * They stay until the connection goes back. A connection whose server refuses them is closed.
   */
  bring({ variables }: Settings): void {
    if (variables === undefined) return
    const known = this.#variables
    const changed = [...variables].filter(([name, { items }]) => known?.get(name)?.items !== items)
    this.noteVariables(variables)
    if (changed.length === 0) return
    const items = changed.map(([, variable]) => variable.items)
    this.#sendAhead((reader) => this.connection.send(queryPacket(`SET ${items.join(', ')}`), reader))
  }

  /** The connection has these variables now. What was prepared keeps the types that they had then (MySQL 8.0.22 and later). */
  noteVariables(variables: GivenVariables): void {
    this.#variables ??= new Map()
    let isOfOtherTypes = false
    for (const [name, variable] of variables) {
      isOfOtherTypes ||= this.#variables.get(name)?.type !== variable.type
      this.#variables.set(name, variable)
    }
    if (isOfOtherTypes) forgetStatements(this.connection)
  }

  /** Its holder has changed settings by himself; undefined: back to the server's. */
  noteSettings(changed: ReadonlyMap<string, string | undefined>): void {
    forgetStatements(this.connection)
    const items = new Map(this.#settings?.items)
    for (const [name, text] of changed) {
      if (text === undefined) items.delete(name)
      else items.set(name, text)
    }
    this.#settings = makeSettings(items, this.#settings?.kind ?? USUAL_KIND)
  }

  /**
   * A stored program has run here: what it has set is given anew before the next statement, and the server forgets the rest
   * before the next holder.
   */
  noteProgram(): void {
    this.#ranProgram = true
    // A text that no setting has.
    this.#noteSet((name, text) => (name === DATABASE ? text : ''))
  }

  #noteSet(textOf: (name: string, text: string) => string | undefined): void {
    const items = new Map<string, string>()
    for (const [name, text] of this.#settings?.items ?? []) {
      const value = textOf(name, text)
      if (value !== undefined) items.set(name, value)
    }
    this.#settings = makeSettings(items, this.#settings?.kind ?? USUAL_KIND)
  }

  /**
   * Gives the connection back. One whose answer has not ended is closed. One that a KILL is on its way to waits for it, or
   * the KILL would meet the statement of its next holder; it is closed when nobody knows whether the KILL will still come.
   */
  release(): void {
    assert(this.#state === 'held', 'a connection is given back once')
    this.#state = 'leaving'
    const killing = this.#killing
    if (killing === undefined || this.connection.state !== 'idle') this.#leave()
    else void killing.then(() => this.#leave())
  }

  #leave(): void {
    if (this.connection.state !== 'idle') return this.discard()
    this.connection.resume()
    if (this.#ranProgram) this.#reset()
    else if (this.#variables !== undefined) this.#forgetVariables()
    else this.#owner.takeBack(this)
  }

  #reset(): void {
    const back = () => {
      this.#ranProgram = false
      this.#variables = undefined
      this.#noteSet(afterReset)
      this.#owner.takeBack(this)
    }
    resetConnection(this.connection).then(back, () => this.discard())
  }

  /** A variable that has been set is never again like one that has not, but for a reset. The settings are the same again. */
  #forgetVariables(): void {
    const settings = this.#settings
    forgetStatements(this.connection)
    const reset = resetConnection(this.connection)
    this.#noteSet(afterReset)
    const restored =
      settings === undefined
        ? undefined
        : applySettings(this.connection, this.#settings?.items, settings, this.tablet.database)
    const back = () => {
      this.#variables = undefined
      this.#settings = settings
      this.#owner.takeBack(this)
    }
    Promise.all([reset, restored]).then(back, () => this.discard())
  }

  /** Closes the connection, in whatever state it is: the server ends its transaction. Readers are told `reason`. */
  discard(reason?: Error): void {
    this.#isDiscarded = true
    this.connection.destroy(reason)
  }

  /** Begins a transaction with the next command. */
  beginWithNext(): void {
    this.#sendAhead((reader) => this.connection.sendWithNext(queryPacket('BEGIN'), reader))
  }

  /** Refused, it takes the connection with it before the answer behind it is heard of. */
  #sendAhead(send: (reader: CollectingReader) => void): void {
    const ahead = new Promise<void>((resolve, reject) => {
      const refused = (error: Error) => {
        this.discard(error)
        reject(error)
      }
      send(new CollectingReader(() => resolve(), refused))
    })
    const answered = () => {
      if (this.#ahead === ahead) this.#ahead = undefined
    }
    ahead.then(answered, answered)
    this.#ahead = ahead
  }

  /**
   * Has the statement that runs here stopped by the server; its answer, an error mostly, comes the usual way. A server that
   * does not confirm the KILL loses the connection: readers are told `reason`.
   */
  kill(reason?: Error): void {
    const before = this.#killing // they take several ways, and may arrive in any order
    // MariaDB refuses a BEGIN or SET that a KILL meets, and what is behind it would commit by itself, or without its variables.
    const killing = this.#owner.killQuery(this.connection.threadId, this.#ahead).then(async (confirmed) => {
      if (!confirmed) this.discard(reason)
      await before
      if (this.#killing === killing) this.#killing = undefined
    })
    this.#killing = killing
  }

  /**
   * Nobody reads the answer any more: the statement is stopped on the server, then the connection is closed. KILL CONNECTION
   * would do both, but was seen to crash MariaDB 10.11 when the thread ends by itself at that moment.
   */
  abandon(): void {
    if (this.connection.state !== 'busy') return this.discard()
    this.kill()
    void this.#killing?.then(() => this.discard())
  }

  /** For the pool. */
  park(nowMs: number): void {
    this.parkedAtMs = nowMs
    this.#state = 'parked'
  }

  /** For the pool. */
  unpark(): this {
    this.#state = 'held'
    return this
  }
}

/** What COM_RESET_CONNECTION leaves: the default database. */
function afterReset(name: string, text: string): string | undefined {
  return name === DATABASE ? text : undefined
}
