import type { BackendConnection } from '../../../src/mysql/client/backend-connection.ts'
import type { CollectingReader } from '../../../src/mysql/client/simple-command.ts'
import { Command } from '../../../src/mysql/codec/constants.ts'
import { framePayload } from '../../../src/mysql/codec/framing.ts'
import { Lease } from '../../../src/tablet/lease.ts'
import type { ServingTablet } from '../../../src/tablet/serving-tablet.ts'
import { makeSettings, USUAL_KIND } from '../../../src/tablet/settings.ts'
import { type ShardTarget, shardTarget } from '../../../src/tablet/shard-target.ts'
import type { TransactionEnvironment } from '../../../src/transaction/transaction.ts'

const IN_TRANS = framePayload(Buffer.from('00000001000000', 'hex'), 1)
const NOT_IN_TRANS = framePayload(Buffer.from('00000000000000', 'hex'), 1)
/** Error 1290 as it comes. */
const REFUSED = framePayload(Buffer.from('\xff\x0a\x05#HY000no', 'latin1'), 1)

export const settings = makeSettings(new Map(), USUAL_KIND)

/** Shards whose servers answer OK when they are told to, and write down what they got. */
export class FakeShards {
  readonly log: string[] = []
  /** Connections that came back, by target. */
  readonly given: string[] = []
  readonly #waiting: (() => void)[] = []
  #refuses = false
  isMariadb = false
  term = 'one'
  /** Of these names. */
  readonly readOnly = new Set<string>()
  readonly certifying = new Set<string>()
  /** They have rolled back what they had. */
  readonly forgetful = new Set<string>()

  readonly gateway: TransactionEnvironment['gateway'] = {
    acquire: async (target) => this.#lease(target),
    take: () => undefined,
    termOf: () => this.term,
    noteWrite: () => {},
    isDue: () => false,
    catchUp: async () => {},
    settingsOn: (_lease, _target, own) => own,
  }

  /** The next command that is answered is answered with an error. */
  refuseNext(): void {
    this.#refuses = true
  }

  /** Lets the servers answer what they were asked until now. */
  async answer(): Promise<void> {
    await new Promise(setImmediate)
    for (const answer of this.#waiting.splice(0)) answer()
    await new Promise(setImmediate)
  }

  #lease(target: ShardTarget): Lease {
    const { key } = target
    const { certifying } = this
    const name = target.tabletType === 'PRIMARY' ? target.shard : `${target.shard}@replica`
    const tablet = {
      name: `tablet of ${key}`,
      database: 'ks',
      health: {
        get certifies() {
          return certifying.has(name)
        },
      },
    } as unknown as ServingTablet
    return new Lease(this.#connection(name), {
      tablet,
      takeBack: () => this.given.push(name),
      killQuery: async () => true,
    })
  }

  #connection(name: string): BackendConnection {
    let state: 'idle' | 'closed' = 'idle'
    const { log } = this
    let held: [Buffer, CollectingReader] | undefined
    const connection = {
      get state() {
        return state
      },
      isMariadb: this.isMariadb,
      statements: new Map(),
      resume: () => {},
      sendWithNext: (packet: Buffer, reader: CollectingReader) => {
        held = [packet, reader]
      },
      together: <T>(work: () => T) => work(),
      send: (packet: Buffer, reader: CollectingReader) => {
        const [before, first] = held ?? []
        held = undefined
        if (before !== undefined) connection.send(before, first!)
        if (state === 'closed') return reader.onLost(new Error('the connection is closed'))
        log.push(`${name}: ${packet.toString('latin1', 5)}`)
        this.#waiting.push(() => {
          if (state === 'closed') return reader.onLost(new Error('the connection is closed'))
          if (this.#refuses) reader.feed(REFUSED)
          this.#refuses = false
          if (packet[4] === Command.PING) reader.feed(this.forgetful.has(name) ? NOT_IN_TRANS : IN_TRANS)
          if (packet.includes('@@global.read_only')) reader.rows.push(textRow(this.readOnly.has(name)))
          reader.onDone()
        })
      },
      destroy: () => {
        if (state !== 'closed') log.push(`${name} closed`)
        state = 'closed'
      },
    }
    return connection as unknown as BackendConnection
  }
}

function textRow(value: boolean): Buffer {
  return Buffer.from(value ? '\x011' : '\x010')
}

export const target = (shard: string, type: 'PRIMARY' | 'REPLICA' = 'PRIMARY') =>
  shardTarget('ks', shard, type)
