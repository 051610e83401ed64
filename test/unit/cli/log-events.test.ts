import assert from 'node:assert/strict'
import { test } from 'vitest'
import { logEvent } from '../../../src/cli/log-events.ts'
import { SqlError } from '../../../src/errors/sql-error.ts'
import { type Logger, silentLogger } from '../../../src/telemetry/log.ts'
import { Repeats } from '../../../src/telemetry/repeats.ts'
import { ManualClock } from '../../support/manual-clock.ts'

test('a refused login is one line without a stack; those of the same host are counted', () => {
  const lines: unknown[] = []
  const logger: Logger = { ...silentLogger, info: (message, fields) => lines.push([message, fields]) }
  const repeats = new Repeats(logger, new ManualClock())
  for (let connectionId = 1; connectionId <= 1_000; connectionId++) {
    const error = new SqlError(
      'ER_ACCESS_DENIED_ERROR',
      `Access denied for user 'u${connectionId}'@'10.0.0.9'`,
    )
    logEvent(logger, repeats, { kind: 'login-failed', connectionId, host: '10.0.0.9', error })
  }
  repeats.close()
  const first = { host: '10.0.0.9', reason: "Access denied for user 'u1'@'10.0.0.9'" }
  assert.deepEqual(lines, [
    ['login-failed', first],
    ['login-failed', { ...first, repeated: 999 }],
  ])
})
