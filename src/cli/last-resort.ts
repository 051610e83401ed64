import { Counter, type Registry } from 'prom-client'
import type { Logger } from '../telemetry/log.ts'

/**
 * What was thrown where nobody expected it. Node would end the process, and every client's session with it; here it is
 * logged and counted. Sessions end themselves for what escapes in their own events (`Replies.broken`): whatever comes here
 * has no owner, and is a bug. Returns what takes the handlers off again.
 */
export function catchTheRest(logger: Logger, registry: Registry): () => void {
  const counter = new Counter({
    name: 'shardgate_unexpected_errors_total',
    help: 'Errors that nothing in the program had expected; each is a bug',
    registers: [registry],
  })
  const note = (error: unknown) => {
    counter.inc()
    logger.error('unexpected error', { error })
  }
  process.on('unhandledRejection', note).on('uncaughtException', note)
  return () => process.off('unhandledRejection', note).off('uncaughtException', note)
}
