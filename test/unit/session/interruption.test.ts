import { expect, test } from 'vitest'
import { Interruption } from '../../../src/session/commands/interruption.ts'
import { ManualClock } from '../../support/manual-clock.ts'

function interruption() {
  const clock = new ManualClock()
  const begun = new Interruption({ closed: false, close: () => {} }, clock)
  begun.begin(Buffer.from([3]))
  return { begun, clock }
}

test('KILL CONNECTION stands, whatever would stop the statement alone afterwards', async () => {
  const { begun, clock } = interruption()
  begun.startDeadline(100)
  begun.killedByItself('connection')
  begun.killedByOther('query')
  await clock.advance(100)
  expect(begun.endsConnection).toBe(true)
})

test('one statement has one deadline, and what it ended is not the next one of the same command', async () => {
  const { begun, clock } = interruption()
  begun.startDeadline(100)
  begun.startDeadline(100) // EXECUTE of SQL, and what it executes
  await clock.advance(99)
  begun.statementEnds()
  begun.startDeadline(100)
  await clock.advance(99)
  expect(begun.isKilled).toBe(false)
  await clock.advance(1)
  expect(begun.error?.code).toBe('ER_QUERY_TIMEOUT')
  begun.statementEnds()
  expect(begun.isKilled).toBe(false)
})
