import { printAlias } from '../topology/alias.ts'
import type { Tablet } from '../topology/records.ts'
import type { ShardState } from '../topology/snapshot.ts'
import type { Seen } from './candidate.ts'
import { ManagedServer, type ServerAccess, sourceAddress } from './managed-server.ts'
import type { ServerState } from './server-state.ts'

export type Look =
  | { readonly kind: 'Seen'; readonly state: ServerState }
  | { readonly kind: 'Lost'; readonly why: string }

/** The servers of a shard: one connection to each, which is kept. */
export class ShardServers {
  readonly #access: ServerAccess
  readonly #servers = new Map<string, ManagedServer>()

  constructor(access: ServerAccess) {
    this.#access = access
  }

  of(tablet: Tablet): ManagedServer {
    const alias = printAlias(tablet.alias)
    const found = this.#servers.get(alias)
    if (found !== undefined && JSON.stringify(addressed(found.tablet)) === JSON.stringify(addressed(tablet)))
      return found
    found?.close()
    const made = new ManagedServer(tablet, this.#access)
    this.#servers.set(alias, made)
    return made
  }

  /**
   * What all servers say, by alias. The primary is asked when the others have answered: what they have got from it, it has.
   */
  async look({ tablets, primary }: ShardState): Promise<ReadonlyMap<string, Look>> {
    const one = async (tablet: Tablet): Promise<[string, Look]> => {
      const server = this.of(tablet)
      try {
        return [server.alias, { kind: 'Seen', state: await server.look() }]
      } catch (error) {
        return [server.alias, { kind: 'Lost', why: (error as Error).message }]
      }
    }
    const others = await Promise.all(tablets.filter((tablet) => tablet !== primary).map(one))
    return new Map([...others, ...(primary === undefined ? [] : [await one(primary)])])
  }

  close(): void {
    for (const server of this.#servers.values()) server.close()
    this.#servers.clear()
  }
}

/** What decides about the connection. */
function addressed({ hostname, mysql_hostname, mysql_port, unix_socket }: Tablet): readonly unknown[] {
  return [hostname, mysql_hostname, mysql_port, unix_socket]
}

export function seenOf(tablet: Tablet, state: ServerState): Seen {
  return {
    alias: printAlias(tablet.alias),
    cell: tablet.alias.cell,
    type: tablet.type,
    address: addressText(tablet),
    state,
  }
}

/** As a replica names its source; '' where none can reach it. */
export function addressText(tablet: Tablet): string {
  try {
    const { host, port } = sourceAddress(tablet)
    return `${host}:${port}`
  } catch {
    return ''
  }
}
