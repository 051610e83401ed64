import { expect, test } from 'vitest'
import type { CollectingReader } from '../../../src/mysql/client/simple-command.ts'
import type { Gateway } from '../../../src/tablet/gateway.ts'
import { Sequences } from '../../../src/tablet/sequences.ts'
import { settle } from '../../support/manual-clock.ts'

test('one who gives up his turn leaves the others in the queue of those before him', async () => {
  let acquired = 0
  const gateway = {
    shardsOf: () => ({ shards: [{ targets: { PRIMARY: {} } }] }),
    acquire: () => {
      acquired++
      return new Promise(() => {})
    },
  } as unknown as Gateway
  const sequences = new Sequences(gateway)
  void sequences.next('ks', 'ids', 1)
  const leaving = new AbortController()
  const left = sequences.next('ks', 'ids', 1, leaving)
  leaving.abort(new Error('left'))
  await expect(left).rejects.toThrow('left')
  void sequences.next('ks', 'ids', 1)
  await settle()
  expect(acquired).toBe(1)
})

/** A sequence table of blocks of ten, of which somebody else may reserve some. */
function sequenceTable() {
  const table = { next: 1 }
  const connection = {
    send(packet: Buffer, reader: CollectingReader) {
      const sql = packet.toString('latin1', 5)
      const cells = [String(table.next), '10']
      if (sql.startsWith('SELECT'))
        reader.rows.push(Buffer.from(cells.map((cell) => String.fromCharCode(cell.length) + cell).join('')))
      table.next = Number(/next_id = (\d+)/.exec(sql)?.[1] ?? table.next)
      reader.onDone()
    },
  }
  const lease = { connection, tablet: { database: 'ks' }, release: () => {} }
  const gateway = {
    shardsOf: () => ({ shards: [{ targets: { PRIMARY: {} } }] }),
    acquire: async () => lease,
  } as unknown as Gateway
  return { table, sequences: new Sequences(gateway) }
}

test('ids that a block has left are followed by those of the next, unless somebody has reserved between', async () => {
  const { table, sequences } = sequenceTable()
  expect(await sequences.next('ks', 'ids', 9)).toBe(1n)
  expect(await sequences.next('ks', 'ids', 3)).toBe(10n)
  expect(await sequences.next('ks', 'ids', 7)).toBe(13n)
  table.next += 10
  expect(await sequences.next('ks', 'ids', 3)).toBe(31n)
})
