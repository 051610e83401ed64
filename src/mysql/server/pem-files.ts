import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { TlsMaterial } from './tls.ts'

export interface PemFiles {
  readonly certFile: string
  readonly keyFile: string
  readonly caFile?: string | undefined
}

/** Throws naming the file that is not what it should be: OpenSSL's own errors name none. */
export function checkPem({ cert, key, ca }: TlsMaterial, { certFile, keyFile, caFile }: PemFiles): void {
  const certificate = readCertificate(cert, certFile)
  if (!certificate.checkPrivateKey(readKey(key, keyFile)))
    throw new Error(`${keyFile}: this is not the key of the certificate in ${certFile}`)
  if (ca !== undefined) readCertificate(ca, caFile ?? 'ca')
}

export function readCertificate(pem: string | Buffer, file: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (error) {
    throw new Error(`${file}: no certificate in PEM form (${(error as Error).message})`, { cause: error })
  }
}

function readKey(pem: string | Buffer, file: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (error) {
    throw new Error(`${file}: no private key in PEM form (${(error as Error).message})`, { cause: error })
  }
}
