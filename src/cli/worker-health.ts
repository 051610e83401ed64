import type { Worker } from 'node:cluster'
import { type HealthExchange, heardHealth, type ToldHealth, toldHealth } from '../tablet/health-exchange.ts'

/**
 * What one worker finds out about a server the others need not ask it for, too: the parent passes it to all of them. The first worker looks
 * again and again; the others when they have not heard of it in time (it is started again when it is lost), and at once when a
 * connection of theirs gives them reason to, which they tell as well.
 *
 *   worker → parent  health      parent → other workers  health
 */
interface Message {
  readonly kind: 'health'
  readonly key: string
  readonly health: ToldHealth
}

/** In a worker. */
export function joinHealth(): HealthExchange {
  const exchange: HealthExchange = {
    tell: (key, health) => {
      const message: Message = { kind: 'health', key, health: toldHealth(health) }
      if (process.connected) process.send?.(message)
    },
    onHeard: undefined,
  }
  process.on('message', (message: Message) => {
    if (message?.kind === 'health') exchange.onHeard?.(message.key, heardHealth(message.health))
  })
  return exchange
}

/** In the parent: called for each worker. */
export function passHealth(worker: Worker, workers: () => Iterable<Worker>): void {
  worker.on('message', (message: Message) => {
    if (message?.kind !== 'health') return
    for (const other of workers()) if (other !== worker && other.isConnected()) other.send(message)
  })
}
