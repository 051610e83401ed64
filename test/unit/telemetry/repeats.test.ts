import assert from 'node:assert/strict'
import { test } from 'vitest'
import { type Logger, silentLogger } from '../../../src/telemetry/log.ts'
import { Repeats } from '../../../src/telemetry/repeats.ts'
import { ManualClock } from '../../support/manual-clock.ts'

function begin() {
  const lines: string[] = []
  const logger: Logger = {
    ...silentLogger,
    info: (message, fields) => lines.push(`${message} ${JSON.stringify(fields)}`),
  }
  const clock = new ManualClock()
  return { lines, clock, repeats: new Repeats(logger, clock) }
}

test('the first is told, others are counted together, once a minute while they come', async () => {
  const { lines, clock, repeats } = begin()
  for (let i = 0; i < 5_000; i++) repeats.tell('info', 'h', 'refused', { host: 'h', user: `u${i}` })
  assert.deepEqual(lines, ['refused {"host":"h","user":"u0"}'])
  await clock.advance(60_000)
  assert.deepEqual(lines.slice(1), ['refused {"host":"h","user":"u0","repeated":4999}'])
  await clock.advance(120_000)
  assert.equal(lines.length, 2)
  repeats.tell('info', 'h', 'refused', { host: 'h' })
  assert.equal(lines.length, 3)
})

test('what is over is told with its count; its return is the first again', () => {
  const { lines, repeats } = begin()
  repeats.tell('info', 'a', 'away', {})
  repeats.tell('info', 'a', 'away', {})
  repeats.end('a')
  repeats.tell('info', 'a', 'away', {})
  assert.deepEqual(lines, ['away {}', 'away {"repeated":1}', 'away {}'])
})

test('a thousand different ones share one line', () => {
  const { lines, repeats } = begin()
  for (let i = 0; i < 1_000; i++) repeats.tell('info', `host ${i}`, 'refused', { host: i })
  assert.equal(lines.length, 101)
  repeats.close()
  assert.deepEqual(lines.slice(101), ['refused {"repeated":899}'])
})
