import assert from 'node:assert/strict'
import { test } from 'vitest'
import { hashPassword } from '../../../src/cli/ctl/user-commands.ts'
import { nativeStage2 } from '../../../src/mysql/server/auth/scramble.ts'
import { checkSha256Crypt, parseSha256Crypt } from '../../../src/mysql/server/auth/sha256-crypt.ts'
import { parseUsers } from '../../../src/mysql/server/auth/users-file.ts'

test('a hashed password is an entry of the users file, right for that password alone', async () => {
  const entry = await hashPassword('geheim')
  assert.ok(parseUsers(JSON.stringify({ users: { app: [entry] } })).has('app'))
  const crypt = parseSha256Crypt(Buffer.from(entry.caching_sha2))!
  assert.equal(crypt.rounds, 5_000)
  assert.deepEqual(
    await Promise.all(['geheim', 'anders'].map((text) => checkSha256Crypt(Buffer.from(text), crypt))),
    [true, false],
  )
  assert.equal(entry.native, `*${nativeStage2(Buffer.from('geheim')).toString('hex').toUpperCase()}`)
  assert.notEqual((await hashPassword('geheim')).caching_sha2, entry.caching_sha2) // salted
  await assert.rejects(hashPassword(''), /the password is empty/)
})
