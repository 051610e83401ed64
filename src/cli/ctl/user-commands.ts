import { randomInt } from 'node:crypto'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { Command } from 'commander'
import { PASSWORD_BYTES_MAX } from '../../mysql/server/auth/credentials.ts'
import { nativeStage2 } from '../../mysql/server/auth/scramble.ts'
import { newSha256Crypt } from '../../mysql/server/auth/sha256-crypt.ts'
import { printer } from './ctl-context.ts'

/** `ctl user …` */
export function userCommand(): Command {
  const user = new Command('user').description('entries of the users file')
  user
    .command('hash')
    .description('an entry of the users file for a password, which is asked for or read from stdin')
    .action(async (_options, command: Command) => {
      const entry = await hashPassword(await readPassword())
      const { caching_sha2, native } = entry
      printer(command.optsWithGlobals())(entry, `- caching_sha2: '${caching_sha2}'\n  native: '${native}'\n`)
    })
  return user
}

/** Both forms: clients with either plugin can log in by it. */
export async function hashPassword(password: string): Promise<{ caching_sha2: string; native: string }> {
  const bytes = Buffer.from(password)
  if (bytes.length === 0) throw new Error('the password is empty; an account without one is no account')
  if (bytes.length > PASSWORD_BYTES_MAX)
    throw new Error(`the password has ${bytes.length} bytes; MySQL takes ${PASSWORD_BYTES_MAX} at most`)
  return {
    caching_sha2: await newSha256Crypt(bytes, randomInt),
    native: `*${nativeStage2(bytes).toString('hex').toUpperCase()}`,
  }
}

/** Never from the command line, which others on the machine can see. */
async function readPassword(): Promise<string> {
  if (!process.stdin.isTTY) return (await text(process.stdin)).replace(/\r?\n$/, '')
  process.stderr.write('Password: ')
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true })
  try {
    return await lines.question('')
  } finally {
    lines.close()
    process.stderr.write('\n')
  }
}
