import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { catchTheRest } from '../../../src/cli/last-resort.ts'
import { silentLogger } from '../../../src/telemetry/log.ts'

test('what nobody expected is logged and counted, and the process lives', async () => {
  const logged: unknown[] = []
  const registry = new Registry()
  const logger = {
    ...silentLogger,
    error: (message: string, fields?: { error?: unknown }) => void logged.push([message, fields?.error]),
  }
  const before = process.listeners('unhandledRejection')
  const stop = catchTheRest(logger, registry)
  // Not emitted: this runner listens, too.
  const rejected = process.listeners('unhandledRejection').at(-1)!
  rejected(new Error('unhandledRejection'), Promise.resolve())
  const thrown = process.listeners('uncaughtException').at(-1)!
  thrown(new Error('uncaughtException'), 'uncaughtException')
  stop()
  expect(logged).toEqual([
    ['unexpected error', new Error('unhandledRejection')],
    ['unexpected error', new Error('uncaughtException')],
  ])
  expect(await registry.metrics()).toContain('shardgate_unexpected_errors_total 2')
  expect(process.listeners('unhandledRejection')).toEqual(before)
})
