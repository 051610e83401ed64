import type { ServerEvent } from '../mysql/server/options.ts'
import type { Logger } from '../telemetry/log.ts'
import type { Repeats } from '../telemetry/repeats.ts'

/**
 * What happens on the wire, in the log. What any stranger can cause is one line with its reason, without a stack, and
 * counted where it comes again from the same host: a scan must not fill the disk.
 */
export function logEvent(logger: Logger, repeats: Repeats, event: ServerEvent): void {
  const { kind, ...fields } = event
  switch (event.kind) {
    case 'session-bug':
      logger.error(kind, fields)
      break
    case 'accepted':
    case 'authenticated':
    case 'closed':
      logger.debug(kind, fields)
      break
    case 'login-failed': {
      const { host, error } = event
      const code = 'code' in error ? error.code : error.message
      repeats.tell('info', `${kind} ${host} ${code}`, kind, { host, reason: error.message })
      break
    }
    case 'too-many-connections':
      repeats.tell('warn', `${kind} ${event.host}`, kind, fields)
      break
    case 'protocol-error':
    case 'accept-failed':
      repeats.tell('info', `${kind} ${event.error.message}`, kind, {
        ...fields,
        error: undefined,
        reason: event.error.message,
      })
      break
    default:
      logger.info(kind, fields)
  }
}
