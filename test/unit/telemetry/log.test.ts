import assert from 'node:assert/strict'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'vitest'
import { createLogger, type LogOptions } from '../../../src/telemetry/log.ts'
import { tempDir } from '../../support/temp-dir.ts'

let dir: ReturnType<typeof tempDir>
let fd: number
beforeEach(() => {
  dir = tempDir('log')
  fd = openSync(join(dir.path, 'log'), 'w')
})
afterEach(() => {
  closeSync(fd)
  dir.remove()
})

const logger = (options: Partial<LogOptions> = {}) => createLogger({ level: 'info', fd, ...options })
const lines = (): Record<string, unknown>[] =>
  readFileSync(join(dir.path, 'log'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

test('a line is JSON with level, time, message and fields; lower levels are left out', () => {
  logger().debug('quiet')
  logger().child({ worker: 2 }).warn('loud', { port: 3306 })
  const [line, ...more] = lines()
  assert.deepEqual(more, [])
  assert.match(String(line?.['time']), /^\d{4}-\d\d-\d\dT/)
  assert.deepEqual(
    [line?.['level'], line?.['msg'], line?.['worker'], line?.['port']],
    ['warn', 'loud', 2, 3306],
  )
})

test('literals and secrets are hidden, literals are shown only when asked for', () => {
  const fields = { literals: ['4711'], backend: { user: 'x', password: 'hush' } }
  logger().info('query', fields)
  logger({ showLiterals: true }).info('query', fields)
  const [hidden, shown] = lines()
  assert.deepEqual(
    [hidden?.['literals'], hidden?.['backend']],
    ['[redacted]', { user: 'x', password: '[redacted]' }],
  )
  assert.deepEqual(
    [shown?.['literals'], shown?.['backend']],
    [['4711'], { user: 'x', password: '[redacted]' }],
  )
})

test('an error is written with its message, stack and cause', () => {
  logger().error('failed', { error: new Error('outer', { cause: new Error('inner') }) })
  const error = lines()[0]?.['error'] as { message: string; stack: string }
  assert.match(error.message, /outer/)
  assert.match(error.stack, /inner/)
})
