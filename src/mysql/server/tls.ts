import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import { createServer, type SecureVersion, type Server, type TLSSocket } from 'node:tls'
import type { TlsInfo } from './session-handler.ts'

/** Whether a client must, may or need not show a certificate. One that is shown is always verified. */
export type ClientCertificates = 'none' | 'optional' | 'required'

/** PEM texts of one server identity. */
export interface TlsMaterial {
  readonly cert: string | Buffer
  readonly key: string | Buffer
  /** Authorities of client certificates. */
  readonly ca?: string | Buffer | undefined
}

export interface TlsPolicy {
  readonly minVersion: SecureVersion
  readonly clientCertificates: ClientCertificates
}

interface Pending {
  resolve(secured: TLSSocket): void
  reject(error: Error): void
}

/**
 * The server's side of TLS for sockets that begin in clear.
 *
 * A `tls.Server` that never listens is given the sockets one by one: of Node's public ways it is the one that judges
 * client certificates and lets the certificate be replaced while connections live.
 */
export class TlsUpgrader {
  readonly #server: Server
  readonly #policy: TlsPolicy
  /** Sockets in their TLS handshake, by both ends' addresses, which the secured socket has too. */
  readonly #pending = new Map<string, Pending>()

  /** Raises when the key does not belong to the certificate, or a PEM is none. */
  constructor(material: TlsMaterial, policy: TlsPolicy) {
    checkMaterial(material, policy)
    const { minVersion, clientCertificates } = policy
    this.#policy = policy
    this.#server = createServer({
      ...material,
      minVersion,
      requestCert: clientCertificates !== 'none',
      rejectUnauthorized: clientCertificates === 'required',
      allowHalfOpen: true,
    })
    this.#server.on('secureConnection', (secured) => this.#secured(secured))
  }

  /** Uses another certificate for connections from now on; raises, and changes nothing, when it is not usable. */
  replace(material: TlsMaterial): void {
    checkMaterial(material, this.#policy)
    this.#server.setSecureContext({ ...material, minVersion: this.#policy.minVersion })
  }

  /**
   * `received` is what the client sent behind its SSLRequest: its hello may be in the same segment. Rejects when the
   * handshake fails; the socket is closed then. The caller bounds the time.
   */
  upgrade(socket: Socket, received: Buffer): Promise<TLSSocket> {
    if (socket.destroyed) return Promise.reject(handshakeFailed())
    const key = endpoints(socket)
    return new Promise<TLSSocket>((resolve, reject) => {
      this.#pending.set(key, { resolve, reject })
      socket.once('close', () => {
        if (this.#pending.delete(key)) reject(handshakeFailed())
      })
      if (received.length > 0) socket.unshift(received)
      this.#server.emit('connection', socket)
    })
  }

  #secured(secured: TLSSocket): void {
    secured.on('error', () => {}) // `close` follows and is what counts
    const key = endpoints(secured)
    const pending = this.#pending.get(key)
    this.#pending.delete(key)
    if (pending === undefined) {
      secured.destroy()
    } else if (this.#policy.clientCertificates === 'optional' && showsBadCertificate(secured)) {
      secured.destroy()
      pending.reject(new Error('the client certificate is not valid'))
    } else {
      pending.resolve(secured)
    }
  }
}

export function describeTls(socket: TLSSocket): TlsInfo {
  const subject = socket.authorized ? socket.getPeerX509Certificate()?.subject : undefined
  return { version: socket.getProtocol() ?? '', cipher: socket.getCipher().name, clientSubject: subject }
}

function handshakeFailed(): Error {
  return new Error('the TLS handshake failed')
}

function showsBadCertificate(socket: TLSSocket): boolean {
  return !socket.authorized && socket.getPeerX509Certificate() !== undefined
}

function endpoints(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress} ${socket.localPort}`
}

function checkMaterial({ cert, key, ca }: TlsMaterial, policy: TlsPolicy): void {
  if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) {
    throw new Error('the TLS key does not belong to the certificate')
  }
  if (policy.clientCertificates !== 'none' && ca === undefined) {
    throw new Error('client certificates cannot be verified without a ca')
  }
}
