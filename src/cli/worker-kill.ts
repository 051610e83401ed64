import cluster, { type Worker } from 'node:cluster'
import { ownerOf } from '../mysql/server/connection-ids.ts'
import type { KillElsewhere, KillOutcome, KillRequest } from '../session/commands/kill-request.ts'
import type { Peers } from './peers.ts'

/**
 * KILL between workers: a connection id names its worker, and the parent passes the request to it and the outcome back.
 *
 *   worker → parent  ask      parent → worker  do
 *   worker → parent  did      parent → worker  answer
 *
 * What is another proxy's the parent asks of that one.
 */
type Message =
  | { readonly kind: 'kill-ask' | 'kill-do'; readonly ticket: string; readonly request: KillRequest }
  | { readonly kind: 'kill-did' | 'kill-answer'; readonly ticket: string; readonly outcome: KillOutcome }

/** A worker that does not answer within this time is taken for gone, and the connection with it. */
const ANSWER_TIMEOUT_MS = 2_000

/** In a worker: asks the others, and does what they ask. `killHere` is called for requests of the others. */
export function joinKills(killHere: (request: KillRequest) => KillOutcome): KillElsewhere {
  const waiting = new Map<string, (outcome: KillOutcome) => void>()
  let lastTicket = 0
  process.on('message', (message: Message) => {
    if (message?.kind === 'kill-do') {
      send({ kind: 'kill-did', ticket: message.ticket, outcome: killHere(message.request) })
    } else if (message?.kind === 'kill-answer') {
      waiting.get(message.ticket)?.(message.outcome)
      waiting.delete(message.ticket)
    }
  })
  return (request) =>
    new Promise((resolve) => {
      const ticket = `${cluster.worker!.id}/${++lastTicket}`
      const timer = setTimeout(() => {
        waiting.delete(ticket)
        resolve('unknown')
      }, ANSWER_TIMEOUT_MS)
      waiting.set(ticket, (outcome) => {
        clearTimeout(timer)
        resolve(outcome)
      })
      send({ kind: 'kill-ask', ticket, request })
    })
}

/** In the parent: passes requests on. `bySlot` finds the worker of a place. */
export class KillPost {
  readonly #bySlot: (slot: number) => Worker | undefined
  readonly #peers: Peers | undefined
  /** Requests of other proxies. */
  readonly #waiting = new Map<string, (outcome: KillOutcome) => void>()
  #lastTicket = 0

  constructor(bySlot: (slot: number) => Worker | undefined, peers: Peers | undefined) {
    this.#bySlot = bySlot
    this.#peers = peers
  }

  /** Called for each worker that is started. */
  serve(worker: Worker): void {
    worker.on('message', (message: Message) => {
      if (message?.kind === 'kill-ask') this.#pass(worker, message)
      else if (message?.kind === 'kill-did') this.#answered(message)
    })
  }

  /** Of another proxy: `request` is about a session of some worker of this one. */
  kill(request: KillRequest): Promise<KillOutcome> {
    const target = this.#bySlot(ownerOf(request.id, this.#peers === undefined).worker)
    if (target === undefined) return Promise.resolve('unknown')
    return new Promise((resolve) => {
      const ticket = `${OF_PEER}${++this.#lastTicket}`
      const end = (outcome: KillOutcome) => {
        clearTimeout(timer)
        this.#waiting.delete(ticket)
        resolve(outcome)
      }
      const timer = setTimeout(() => end('unknown'), ANSWER_TIMEOUT_MS)
      this.#waiting.set(ticket, end)
      target.send({ kind: 'kill-do', ticket, request } satisfies Message)
    })
  }

  #pass(worker: Worker, { ticket, request }: Message & { readonly kind: 'kill-ask' | 'kill-do' }): void {
    const { proxy, worker: slot } = ownerOf(request.id, this.#peers === undefined)
    const answer = (outcome: KillOutcome) => {
      if (worker.isConnected()) worker.send({ kind: 'kill-answer', ticket, outcome } satisfies Message)
    }
    if (this.#peers !== undefined && proxy !== this.#peers.number)
      return void this.#peers.kill(proxy, request).then(answer)
    const target = this.#bySlot(slot)
    if (target === undefined) answer('unknown')
    else target.send({ kind: 'kill-do', ticket, request } satisfies Message)
  }

  #answered(message: Message & { readonly kind: 'kill-did' | 'kill-answer' }): void {
    const { ticket, outcome } = message
    if (ticket.startsWith(OF_PEER)) return this.#waiting.get(ticket)?.(outcome)
    const asker = cluster.workers?.[ticket.split('/')[0]!]
    asker?.send({ ...message, kind: 'kill-answer' } satisfies Message)
  }
}

/** What the tickets of workers, their ids, do not begin with. */
const OF_PEER = 'peer/'

function send(message: Message): void {
  process.send?.(message)
}
