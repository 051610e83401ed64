import cluster, { type Worker } from 'node:cluster'
import { workerOf } from '../mysql/server/connection-ids.ts'
import type { KillElsewhere, KillOutcome, KillRequest } from '../session/commands/kill-request.ts'

/**
 * KILL between workers: a connection id names its worker, and the parent passes the request to it and the outcome back.
 *
 *   worker → parent  ask      parent → worker  do
 *   worker → parent  did      parent → worker  answer
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

/** In the parent: called for each worker, with the place it holds. `bySlot` finds the worker of a place. */
export function passKills(worker: Worker, bySlot: (slot: number) => Worker | undefined): void {
  worker.on('message', (message: Message) => {
    if (message?.kind === 'kill-ask') {
      const { ticket, request } = message
      const target = bySlot(workerOf(request.id))
      if (target === undefined)
        worker.send({ kind: 'kill-answer', ticket, outcome: 'unknown' } satisfies Message)
      else target.send({ kind: 'kill-do', ticket, request } satisfies Message)
    } else if (message?.kind === 'kill-did') {
      const asker = cluster.workers?.[message.ticket.split('/')[0]!]
      asker?.send({ ...message, kind: 'kill-answer' } satisfies Message)
    }
  })
}

function send(message: Message): void {
  process.send?.(message)
}
