import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseUsers } from '../../../../src/mysql/server/auth/users-file.ts'
import { WatchedUsers } from '../../../../src/mysql/server/auth/watched-users.ts'
import { SECRET_CRYPT, SECRET_NATIVE } from '../../../support/front-end.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { tempDir } from '../../../support/temp-dir.ts'

const secret = Buffer.from('secret')
const SHA256 = '*3881219D087DD9C634373FD33DFA33A2CB6BFC6C520B64B8BB60EF2CEB534AE7'

async function accepts(text: string, user: string, password = secret): Promise<boolean | undefined> {
  return parseUsers(text).get(user)?.acceptsPassword(password)
}

describe('a users file', () => {
  test('is YAML or JSON, with one or several credentials a user', async () => {
    const yaml = `
users:
  app:
    - caching_sha2: '${SECRET_CRYPT}'
    - native: '${SECRET_NATIVE}'
  dev: {password: other}
`
    expect(await accepts(yaml, 'app')).toBe(true)
    expect(await accepts(yaml, 'dev')).toBe(false)
    expect(await accepts(yaml, 'dev', Buffer.from('other'))).toBe(true)
    expect(await accepts(yaml, 'nobody')).toBeUndefined()
    expect(await accepts(JSON.stringify({ users: { app: [{ native: SECRET_NATIVE }] } }), 'app')).toBe(true)
  })

  for (const [form, caching_sha2] of [
    ['as hexadecimal', SECRET_CRYPT],
    ['as a hexadecimal literal', `0x${SECRET_CRYPT.toLowerCase()}`],
    ['as it is', Buffer.from(SECRET_CRYPT, 'hex').toString('latin1')],
    ['as the hash of the fast path', SHA256],
  ] as const) {
    test(`takes an authentication string ${form}`, async () => {
      expect(await accepts(JSON.stringify({ users: { app: { caching_sha2 } } }), 'app')).toBe(true)
    })
  }

  test("of Vitess's static authentication is read as it is", async () => {
    for (const credential of [
      { MysqlNativePassword: SECRET_NATIVE, Password: 'not looked at', UserData: 'x', Groups: ['a'] },
      { CachingSha2Password: SHA256 },
      { Password: 'secret' },
    ]) {
      expect(await accepts(JSON.stringify({ app: [credential] }), 'app')).toBe(true)
      expect(await accepts(JSON.stringify({ app: credential }), 'app')).toBe(true)
    }
  })

  for (const { why, users, path } of [
    { why: 'a field that does not exist', users: { app: [{ pasword: 'x' }] }, path: 'users.app[0]' },
    { why: 'a hash of a wrong length', users: { app: [{ native: '*1234' }] }, path: 'users.app[0].native' },
    {
      why: 'an authentication string that is none',
      users: { app: { caching_sha2: 'plain' } },
      path: 'caching_sha2',
    },
    { why: 'a user without credentials', users: { app: [] }, path: 'users.app' },
    {
      why: 'a role that there is not',
      users: { app: { role: 'root', credentials: [{ password: 'plain' }] } },
      path: 'users.app.role: expected app or admin',
    },
    {
      why: 'no keyspace',
      users: { app: { keyspaces: [], credentials: [{ password: 'plain' }] } },
      path: 'users.app.keyspaces: ',
    },
    {
      why: 'a keyspace without a name',
      users: { app: { keyspaces: [''], credentials: [{ password: 'plain' }] } },
      path: 'users.app.keyspaces[0]: ',
    },
    { why: 'a role without credentials', users: { app: { role: 'app' } }, path: 'users.app.credentials' },
    {
      why: 'a field beside the role',
      users: { app: { role: 'app', keyspace: 'a', credentials: [{ password: 'plain' }] } },
      path: 'users.app: ',
    },
    {
      why: 'a credential without a password',
      users: { a: [{ password: '' }], app: [{}] },
      path: 'users.app[0]',
    },
  ]) {
    test(`is refused for ${why}, naming the place and no secret`, () => {
      expect(() => parseUsers(JSON.stringify({ users }))).toThrow(path)
      expect(() => parseUsers(JSON.stringify({ users }))).not.toThrow(/plain|1234/)
    })
  }

  test('says what a user may do: an ordinary user of all keyspaces unless told otherwise', () => {
    const users = parseUsers(`
users:
  app: {password: a}
  ops: {role: admin, credentials: {password: b}}
  shop: {keyspaces: [shop, lookup], credentials: [{password: c}]}
`)
    expect(users.get('app')?.access).toEqual({ role: 'app', keyspaces: undefined })
    expect(users.get('ops')?.access).toEqual({ role: 'admin', keyspaces: undefined })
    expect(users.get('shop')?.access).toEqual({ role: 'app', keyspaces: new Set(['shop', 'lookup']) })
    expect(parseUsers('{"app": {"Password": "a"}}').get('app')?.access.role).toBe('app')
    const again = parseUsers('users: {app: {role: admin, credentials: {password: a}}}').get('app')!
    expect(users.get('app')!.isAs(again)).toBe(false) // a reload takes the new one
  })

  test('that is no YAML is refused in one line that does not quote it', () => {
    expect(() => parseUsers('users: {app: {password: plain}\nx: [')).toThrow(/^[^\n]* at line 2, column 1$/)
    expect(() => parseUsers('users: {app: {password: plain}\nx: [')).not.toThrow(/plain/)
  })

  test('of Vitess with a host that could not be honoured, or no password, is refused', () => {
    expect(() => parseUsers(JSON.stringify({ app: [{ Password: 'x', SourceHost: 'localhost' }] }))).toThrow(
      'SourceHost',
    )
    expect(() => parseUsers(JSON.stringify({ app: [{ UserData: 'x' }] }))).toThrow('app[0]')
  })
})

describe('a watched users file', () => {
  async function watch(text: string) {
    const path = join(tempDir('users').path, 'users.yaml')
    writeFileSync(path, text)
    const clock = new ManualClock()
    const errors: string[] = []
    let reloads = 0
    const users = await WatchedUsers.open(path, {
      clock,
      onReload: () => reloads++,
      onError: (error) => errors.push(error.message),
    })
    /** One look at the file, finished. */
    const look = async (): Promise<void> => {
      const before = clock.pending().length
      await clock.advance(1_000)
      while (clock.pending().length < before) await new Promise((resolve) => setImmediate(resolve))
    }
    return { path, users, look, errors, reloads: () => reloads }
  }

  test('is taken over when a change has stood still', async () => {
    const { path, users, look, reloads } = await watch('users: {a: {password: x}}')
    writeFileSync(path, 'users: {b: {password: y}}')
    await look()
    expect(users.find('b')).toBeUndefined()
    await look()
    expect([users.find('a'), users.find('b')?.name, reloads()]).toEqual([undefined, 'b', 1])
    await look()
    expect(reloads()).toBe(1)
    users.close()
  })

  test('that becomes unusable or vanishes keeps the users, and is reported once', async () => {
    const { path, users, look, errors } = await watch('users: {a: {password: x}}')
    writeFileSync(path, 'users: {a: {pass: x}}')
    for (let i = 0; i < 4; i++) await look()
    expect(errors).toHaveLength(1)
    rmSync(path)
    for (let i = 0; i < 4; i++) await look()
    expect(errors).toHaveLength(2)
    expect(await users.find('a')!.acceptsPassword(Buffer.from('x'))).toBe(true)
    writeFileSync(`${path}.new`, 'users: {a: {password: z}}')
    renameSync(`${path}.new`, path)
    for (let i = 0; i < 2; i++) await look()
    expect(await users.find('a')!.acceptsPassword(Buffer.from('z'))).toBe(true)
    users.close()
  })

  test('keeps what is remembered of users that did not change', async () => {
    const { path, users } = await watch(`users: {a: {caching_sha2: '${SECRET_CRYPT}'}, b: {password: x}}`)
    const before = users.find('a')
    writeFileSync(path, `users: {a: {caching_sha2: '${SECRET_CRYPT}'}, b: {password: y}}`)
    const other = users.find('b')
    await users.reload()
    expect(users.find('a')).toBe(before)
    expect(users.find('b')).not.toBe(other)
    users.close()
  })

  test('must be usable to begin with', async () => {
    await expect(watch('users: []')).rejects.toThrow()
  })
})
