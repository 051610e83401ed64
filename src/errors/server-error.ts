/** An ERR packet that a MySQL server answered: passed on to the client with its own errno, SQLSTATE and text. */
export class ServerError extends Error {
  readonly errno: number
  readonly sqlState: string

  constructor(packet: { readonly errno: number; readonly sqlState: string; readonly message: string }) {
    super(packet.message)
    this.name = 'ServerError'
    this.errno = packet.errno
    this.sqlState = packet.sqlState
  }
}
