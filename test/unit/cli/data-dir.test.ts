import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'vitest'
import { clearDataDir, openDataDir } from '../../../src/cli/local/data-dir.ts'
import { tempDir } from '../../support/temp-dir.ts'

let dir: ReturnType<typeof tempDir>
beforeEach(() => {
  dir = tempDir('data')
})
afterEach(() => dir.remove())

/** A folder in which a cluster has run. */
async function used(name: string): Promise<string> {
  const path = join(dir.path, name)
  await (await openDataDir(path)).release()
  mkdirSync(join(path, 'servers/shared-primary'), { recursive: true })
  writeFileSync(join(path, 'state.json'), '{}')
  writeFileSync(join(path, 'users.json.4711.tmp'), '') // of a process that was killed
  return path
}

test('--reset clears what local made, and only when nothing else is there', async () => {
  const path = await used('a')
  await clearDataDir(path)
  assert.deepEqual(readdirSync(path), [])
  const mixed = await used('b')
  writeFileSync(join(mixed, 'notes.txt'), 'mine')
  await assert.rejects(clearDataDir(mixed), /removes nothing: .*b holds 'notes\.txt', which shardgate local/)
  assert.equal(readFileSync(join(mixed, 'notes.txt'), 'utf8'), 'mine')
  assert.ok(existsSync(join(mixed, 'servers/shared-primary')))
})

test('a folder that local did not mark is neither cleared nor taken', async () => {
  writeFileSync(join(dir.path, 'users.json'), '{}') // a name of ours, but not ours
  await assert.rejects(clearDataDir(dir.path), /was not made by shardgate local/)
  await assert.rejects(openDataDir(dir.path), /holds 'users\.json' and is no folder of shardgate local/)
  writeFileSync(join(dir.path, 'thesis.tex'), '')
  await assert.rejects(clearDataDir(dir.path), /holds 'thesis\.tex'/)
  await assert.rejects(openDataDir(dir.path), /holds '.*' and is no folder of shardgate local/)
  assert.deepEqual(readdirSync(dir.path).sort(), ['thesis.tex', 'users.json'])
})

test('a folder in use is not cleared', async () => {
  const path = await used('c')
  const lock = await openDataDir(path)
  await assert.rejects(clearDataDir(path), /in use by another shardgate local/)
  await lock.release()
})

test.skipIf(!existsSync('/proc/self'))('a folder that cannot be made is an error at once', async () => {
  await assert.rejects(openDataDir('/proc/nope/data'), /--data-dir \/proc\/nope\S* cannot be made/)
})
