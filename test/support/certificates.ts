import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** An authority and what it signed, made for one test run and valid for a day. Paths of PEM files. */
export interface Certificates {
  readonly ca: string
  readonly server: { readonly cert: string; readonly key: string }
  /** A second server certificate, as after a renewal. */
  readonly renewed: { readonly cert: string; readonly key: string }
  readonly client: { readonly cert: string; readonly key: string }
  /** A client certificate that the authority has not signed. */
  readonly stranger: { readonly cert: string; readonly key: string }
}

/** Makes certificates with the `openssl` program in `folder`. */
export function makeCertificates(folder: string): Certificates {
  const at = (name: string): string => join(folder, name)
  const pair = (name: string) => ({ cert: at(`${name}.pem`), key: at(`${name}.key`) })
  selfSigned(folder, 'ca', 'shardgate test authority')
  selfSigned(folder, 'stranger', 'stranger')
  for (const name of ['server', 'renewed', 'client']) signed(folder, name)
  return {
    ca: at('ca.pem'),
    server: pair('server'),
    renewed: pair('renewed'),
    client: pair('client'),
    stranger: pair('stranger'),
  }
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

function selfSigned(folder: string, name: string, subject: string): void {
  openssl(folder, [
    'req',
    '-x509',
    ...KEY,
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.pem`,
    '-days',
    '1',
    '-subj',
    `/CN=${subject}`,
  ])
}

function signed(folder: string, name: string): void {
  openssl(folder, ['req', ...KEY, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`])
  writeFileSync(join(folder, 'san.cnf'), 'subjectAltName=IP:127.0.0.1,DNS:localhost')
  const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'san.cnf']
  openssl(folder, ['x509', '-req', '-in', `${name}.csr`, ...by, '-out', `${name}.pem`, '-days', '1'])
}

function openssl(cwd: string, args: string[]): void {
  execFileSync('openssl', args, { cwd, stdio: 'pipe' })
}
