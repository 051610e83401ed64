/** Who is at the other end. */
export interface Peer {
  readonly id: number
  readonly remoteHost: string
  readonly remotePort: number
  readonly isUnixSocket: boolean
}
