import { readFileSync } from 'node:fs'
import type { Logger } from '../telemetry/log.ts'
import { DiskCache } from '../topology/disk-cache.ts'
import { EtcdStore } from '../topology/etcd/etcd-store.ts'
import { FilesStore } from '../topology/files/files-store.ts'
import { TopologyFollower } from '../topology/follower.ts'
import type { TopologyStore } from '../topology/store.ts'
import type { ServeConfig } from './config.ts'

export type TopologyConfig = ServeConfig['topology']

/** The store that the configuration names. Nothing is connected yet; files it names are read. */
export function openStore(config: TopologyConfig): TopologyStore {
  if (config.type === 'files') return new FilesStore({ dir: config.dir! }) // its presence is the schema's to check
  const password = config.password_file ? readSecret(config.password_file) : config.password
  const { ca, cert, key } = config
  return new EtcdStore({
    endpoints: config.endpoints,
    prefix: config.prefix,
    ...(config.user !== undefined && { auth: { username: config.user, password: password ?? '' } }),
    ...((ca || cert || key) && {
      tls: {
        ...(ca && { ca: readFileSync(ca) }),
        ...(cert && { cert: readFileSync(cert) }),
        ...(key && { key: readFileSync(key) }),
      },
    }),
  })
}

/** Follows `store`; the cache on disk belongs to it when one is configured. Not started yet. */
export function followTopology(
  store: TopologyStore,
  cacheFile: string | undefined,
  logger: Logger,
): TopologyFollower {
  const cache = cacheFile === undefined ? undefined : new DiskCache(cacheFile, store.description)
  return new TopologyFollower({ store, logger, ...(cache && { cache }) })
}

/** A secret in a file, without the line end that editors leave. */
export function readSecret(file: string): string {
  return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
}
