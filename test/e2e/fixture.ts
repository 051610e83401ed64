import { type Certificates, makeCertificates } from '../support/certificates.ts'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { startTestProxy, type TestProxy } from '../support/proxy.ts'
import { tempDir } from '../support/temp-dir.ts'

/** A sharded cluster, and a proxy with TLS, for clients that know nothing of either. */
export interface Fixture {
  readonly cluster: TestCluster
  readonly proxy: TestProxy
  readonly certificates: Certificates
  close(): Promise<void>
}

const SCHEMA_DIR = new URL('../differential/schema', import.meta.url).pathname

export async function startFixture(): Promise<Fixture> {
  const dir = tempDir('e2e')
  const certificates = makeCertificates(dir.path)
  const cluster = await startCluster({ shards: 2, isOneMysqld: true, schemaDir: SCHEMA_DIR })
  const { cert, key } = certificates.server
  const proxy = await startTestProxy(cluster, {
    config: { listen: { host: '127.0.0.1', port: 0, tls: { cert, key } } },
  })
  return {
    cluster,
    proxy,
    certificates,
    close: async () => {
      await proxy.close()
      await cluster.close()
      dir.remove()
    },
  }
}
