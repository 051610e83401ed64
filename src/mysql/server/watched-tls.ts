import { checkPem, type PemFiles } from './pem-files.ts'
import { type TlsPolicy, TlsUpgrader } from './tls.ts'
import { WatchedFiles, type WatchOptions } from './watched-files.ts'

/** A `TlsUpgrader` that follows its PEM files. Files that do not fit together leave the certificate as it was. */
export interface WatchedTls {
  readonly upgrader: TlsUpgrader
  /** Reads the files now, e.g. upon SIGHUP. */
  reload(): Promise<void>
  close(): void
}

/** Rejects when the files are unusable to begin with. */
export async function openTlsFiles(
  { certFile, keyFile, caFile }: PemFiles,
  policy: TlsPolicy,
  options: WatchOptions,
): Promise<WatchedTls> {
  let upgrader: TlsUpgrader | undefined
  const make = ([cert, key, ca]: readonly Buffer[]): TlsUpgrader => {
    checkPem({ cert: cert!, key: key!, ca }, { certFile, keyFile, caFile })
    const material = { cert: cert!, key: key!, ca }
    if (upgrader === undefined) upgrader = new TlsUpgrader(material, policy)
    else upgrader.replace(material)
    return upgrader
  }
  const paths = caFile === undefined ? [certFile, keyFile] : [certFile, keyFile, caFile]
  const files = await WatchedFiles.open(paths, make, options)
  return { upgrader: files.value, reload: () => files.look(true), close: () => files.close() }
}
