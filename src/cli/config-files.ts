import { readFile } from 'node:fs/promises'
import { parseUsersFile } from '../mysql/server/auth/users-file.ts'
import { checkPem, readCertificate } from '../mysql/server/pem-files.ts'
import type { ServeConfig } from './config.ts'

/**
 * Opens every file that the configuration names, as `serve` will: users and their hashes, certificates with their keys,
 * passwords. One line for each that cannot be used: setting, file, cause.
 */
export async function fileMistakes(config: ServeConfig): Promise<readonly string[]> {
  const { backend, listen, topology } = config
  const isEtcd = topology.type === 'etcd'
  const backendTls = backend.tls.mode === 'disabled' ? {} : backend.tls
  const found = await Promise.all([
    mistake('users_file', [config.users_file], ([text]) => parseUsersFile(config.users_file!, text!)),
    mistake('backend.password_file', [backend.password_file]),
    mistake('topology.password_file', [isEtcd ? topology.password_file : undefined]),
    ...pemMistakes('listen.tls', listen.tls),
    ...pemMistakes('backend.tls', backendTls),
    ...pemMistakes('topology', isEtcd ? topology : {}),
  ])
  return found.filter((text) => text !== undefined)
}

interface PemSettings {
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly ca?: string | undefined
}

function pemMistakes(setting: string, { cert, key, ca }: PemSettings) {
  return [
    mistake(`${setting}.cert`, [cert, key], ([certPem, keyPem]) => {
      const certFile = cert!
      if (keyPem === undefined) readCertificate(certPem!, certFile)
      else checkPem({ cert: certPem!, key: keyPem }, { certFile, keyFile: key! })
    }),
    mistake(`${setting}.ca`, [ca], ([pem]) => readCertificate(pem!, ca!)),
  ]
}

/** Undefined when the files can be read and `use` takes their contents, and when the first is not configured. */
async function mistake(
  setting: string,
  files: readonly (string | undefined)[],
  use: (contents: readonly (Buffer | undefined)[]) => unknown = () => {},
): Promise<string | undefined> {
  if (files[0] === undefined) return undefined
  try {
    use(await Promise.all(files.filter((file) => file !== undefined).map((file) => readFile(file))))
    return undefined
  } catch (error) {
    return `${setting}: ${(error as Error).message}`
  }
}
