import pino from 'pino'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent'
export const LOG_LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'silent']

/** Named values of one log line. Statement texts go in as `sql` only through `redactLiterals` of the caller's choice. */
export type LogFields = Readonly<Record<string, unknown>>

/** The log as the product writes it: a message for people, fields for machines. */
export interface Logger {
  trace(message: string, fields?: LogFields): void
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** A logger that adds `fields` to each line. */
  child(fields: LogFields): Logger
}

/** Fields whose values never reach a log, at the top and one level down. */
const SECRET_FIELDS = ['password', 'secret', 'token', 'key', 'authResponse', 'literals', 'bindVariables']

export interface LogOptions {
  readonly level: LogLevel
  /** File descriptor; 2 (stderr) unless told otherwise. */
  readonly fd?: number
  /** True writes literals and bind variables too. Default false: they are the application's data. */
  readonly showLiterals?: boolean
}

/** JSON lines, written synchronously so that the last line before an exit is not lost. */
export function createLogger(options: LogOptions): Logger {
  const hidden = options.showLiterals
    ? SECRET_FIELDS.filter((f) => f !== 'literals' && f !== 'bindVariables')
    : SECRET_FIELDS
  const base = pino(
    {
      level: options.level,
      base: null,
      serializers: { error: pino.stdSerializers.err },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: hidden.flatMap((field) => [field, `*.${field}`]), censor: '[redacted]' },
    },
    pino.destination({ fd: options.fd ?? 2, sync: true }),
  )
  return wrap(base)
}

function wrap(base: pino.Logger): Logger {
  return {
    trace: (message, fields = {}) => base.trace(fields, message),
    debug: (message, fields = {}) => base.debug(fields, message),
    info: (message, fields = {}) => base.info(fields, message),
    warn: (message, fields = {}) => base.warn(fields, message),
    error: (message, fields = {}) => base.error(fields, message),
    child: (fields) => wrap(base.child(fields)),
  }
}

/** For tests and tools that keep quiet. */
export const silentLogger: Logger = {
  trace: () => {},
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
}
