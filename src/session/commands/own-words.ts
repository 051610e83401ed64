import type { ClientConnection } from '../../mysql/server/session-handler.ts'
import type { ToldText } from '../../tablet/keyspace-names.ts'
import type { ProxyContext } from '../proxy-context.ts'

export interface OwnWordsContext {
  readonly client: Pick<ClientConnection, 'identity'>
  readonly proxy: Pick<ProxyContext, 'inKeyspaceNames'> & {
    readonly gateway: { readonly backendUser: string }
  }
}

/** A server's message as the client may see it: keyspaces for databases, its own user for the account of the proxy. */
export function inOwnWords({ client, proxy }: OwnWordsContext, told: ToldText): string {
  const named = proxy.inKeyspaceNames(told)
  const user = proxy.gateway.backendUser
  if (!named.includes(user)) return named
  const account = new RegExp(`(['\`])${escapeRegExp(user)}\\1@(['\`])[^'\`]*\\2`, 'g')
  return named.replace(
    account,
    (_, quote: string) => `${quote}${client.identity.user}${quote}@${quote}%${quote}`,
  )
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
