import { rowChunks } from '../../base/chunk-pool.ts'
import { HEADER_BYTES, MAX_PACKET_PAYLOAD, Status } from '../codec/constants.ts'
import { malformedPacket } from '../codec/packet-reader.ts'
import { ResponseHeader } from '../codec/responses.ts'
import { copied } from './landing.ts'

/** What the last OK or EOF of a response said. Counts of 2^53 and more are bigint, as they came. */
export interface ResponseSummary {
  /** `Status` flags as the backend sent them. */
  status: number
  warnings: number
  affectedRows: number | bigint
  lastInsertId: number | bigint
  /** Rows of all result sets of the response. */
  rows: number
  /** True when the last result had columns (EOF), false for an OK packet. */
  hasRows: boolean
  /** Set when the response ended with an ERR packet. */
  errno: number
}

/** What a response may consist of: COM_STMT_PREPARE has a shape of its own, the others are results. */
export type ResponseShape = 'results' | 'prepare' | 'rows' | 'fields'

/**
 * Finds the end of a response by walking packet headers; row bodies are skipped, not read.
 *
 * States follow the protocol ("Command Response" of COM_QUERY): a first packet (OK, ERR or the column count), the
 * column definitions, an EOF, rows, and an EOF or ERR; after a status with MORE_RESULTS_EXISTS again a first packet.
 * Subclasses see packets through the hooks. Everything but rows is small and reaches the hooks whole: when such a
 * packet is cut by the end of a chunk, its beginning is held back until the rest has come.
 */
export abstract class ResponseReader {
  summary: ResponseSummary = emptySummary()
  #shape: ResponseShape = 'results'
  #state: 'first' | 'columns' | 'columnsEnd' | 'rows' | 'done' = 'first'
  /** Definitions still to come in the states `columns` and `columnsEnd`. */
  #columnsLeft = 0
  /** COM_STMT_PREPARE: columns that follow the block of params. */
  #columnsAfter = 0
  #outParams = false
  /** Bytes of the current row packet that have not come yet. */
  #skip = 0
  /** The packet before had the largest size: the next one continues it. */
  #continued = false
  /** The beginning of a packet that must be seen whole, and how many bytes it will have. */
  #held: Buffer[] = []
  #heldBytes = 0
  #neededBytes = 0
  /** Bytes of the current chunk that `onBytes` has had. */
  #emitted = 0
  /** True: rows are given to `onRow` whole, instead of being skipped. */
  readonly #wholeRows: boolean

  constructor(options: { readonly wholeRows: boolean }) {
    this.#wholeRows = options.wholeRows
  }

  /** Begins a new response on the same object. */
  protected reset(shape: ResponseShape): void {
    this.summary = emptySummary()
    this.#shape = shape
    this.#state = shape === 'rows' ? 'rows' : shape === 'fields' ? 'columnsEnd' : 'first'
    this.#columnsLeft = 0
    this.#columnsAfter = 0
    this.#outParams = false
    this.#skip = 0
    this.#continued = false
    this.#held = []
    this.#heldBytes = 0
  }

  /**
   * Takes the next bytes of the connection. Returns how many bytes of `chunk` lie behind the end of the response
   * (0 for a chunk that ends with it), or -1 while the response goes on.
   */
  feed(chunk: Buffer): number {
    let from = 0
    while (this.#heldBytes > 0) {
      // The packet that was cut is joined alone, once all of it is there: what follows stays where it lies.
      const missing = this.#neededBytes - this.#heldBytes
      const to = Math.min(from + missing, chunk.length)
      this.#held.push(chunk.subarray(from, to))
      this.#heldBytes += to - from
      from = to
      if (this.#heldBytes < this.#neededBytes) return -1
      const packet = Buffer.concat(this.#held, this.#heldBytes)
      this.#held = []
      this.#heldBytes = 0
      if (this.#walk(packet) >= 0) return chunk.length - from
    }
    if (from === 0) return this.#walk(chunk)
    return from === chunk.length ? -1 : this.#walk(chunk.subarray(from))
  }

  /**
   * As `feed`, of bytes that are overwritten when it has returned. Rows are copied together with the row whose beginning is held
   * back, once all of it is there: whole rows lie one behind the other.
   */
  land(landed: Buffer): number {
    const bytes = this.#heldBytes + landed.length
    const isEnough = bytes >= this.#neededBytes && bytes <= rowChunks.bytesMax
    if (this.#state !== 'rows' || !isEnough) return this.feed(copied(landed))
    const chunk = this.rowMemory(bytes)
    let at = 0
    for (const part of this.#held) at += part.copy(chunk, at)
    landed.copy(chunk, at)
    this.#held = []
    this.#heldBytes = 0
    return this.feed(chunk)
  }

  /** As `feed`, with nothing held back before `buf`. */
  #walk(buf: Buffer): number {
    const end = buf.length
    let pos = 0
    this.#emitted = 0
    this.#neededBytes = HEADER_BYTES + 1
    while (pos < end) {
      if (this.#skip > 0) {
        const take = Math.min(this.#skip, end - pos)
        this.#skip -= take
        pos += take
        continue
      }
      if (end - pos < HEADER_BYTES) break
      const length = buf[pos]! | (buf[pos + 1]! << 8) | (buf[pos + 2]! << 16)
      if (this.#continued && !this.#wholeRows) {
        this.onHeader(buf, pos)
        this.#continued = length === MAX_PACKET_PAYLOAD
        this.#skip = length
        pos += HEADER_BYTES
        continue
      }
      if (end - pos === HEADER_BYTES && length > 0) break
      const first = buf[pos + HEADER_BYTES]!
      const isRow =
        this.#state === 'rows' &&
        (this.#continued || first < ResponseHeader.EOF || (first === ResponseHeader.EOF && length >= 9))
      if (isRow && !this.#wholeRows) {
        this.onHeader(buf, pos)
        this.summary.rows++
        this.#continued = length === MAX_PACKET_PAYLOAD
        this.#skip = length
        pos += HEADER_BYTES
        continue
      }
      const packetEnd = pos + HEADER_BYTES + length
      if (packetEnd > end) {
        this.#neededBytes = HEADER_BYTES + length
        break
      }
      if (isRow) {
        const more = length === MAX_PACKET_PAYLOAD
        if (!this.#continued) this.summary.rows++
        this.onRow(buf, pos + HEADER_BYTES, packetEnd, this.#continued, more)
        this.#continued = more
        pos = packetEnd
        continue
      }
      if (length === 0 || length === MAX_PACKET_PAYLOAD) throw malformedPacket()
      this.onHeader(buf, pos)
      this.#control(buf, pos + HEADER_BYTES, packetEnd, first)
      pos = packetEnd
      if (this.#state === 'done') {
        if (pos > this.#emitted) this.onLastBytes(buf, this.#emitted, pos)
        return end - pos
      }
    }
    if (pos < end) {
      const rest = buf.subarray(pos)
      this.#held = [this.#wholeRows ? copied(rest) : rest]
      this.#heldBytes = end - pos
    }
    if (pos > this.#emitted) this.onBytes(buf, this.#emitted, pos)
    return -1
  }

  /** From a hook: `packet` (with its header) goes on in place of the one whose payload is `start` to `end`. */
  protected replacePacket(buf: Buffer, start: number, end: number, packet: Buffer): void {
    const from = start - HEADER_BYTES
    packet[3] = buf[from + 3]!
    if (from > this.#emitted) this.onBytes(buf, this.#emitted, from)
    this.onBytes(packet, 0, packet.length)
    this.#emitted = end
  }

  /** A packet that is not a row. */
  #control(buf: Buffer, start: number, end: number, first: number): void {
    if (first === ResponseHeader.ERR && this.#state !== 'columns') return this.#err(buf, start, end)
    switch (this.#state) {
      case 'first':
        if (this.#shape === 'prepare') return this.#prepareOk(buf, start, end)
        if (first === ResponseHeader.OK) return this.#ok(buf, start, end)
        if (first === ResponseHeader.LOCAL_INFILE) return this.onFileAsked(buf, start, end)
        this.#columnsLeft = readCount(buf, start, end)
        this.onColumnCount(this.#columnsLeft)
        this.#state = 'columns'
        return
      case 'columns':
        this.onColumn(buf, start, end)
        if (--this.#columnsLeft === 0) this.#state = 'columnsEnd'
        return
      case 'columnsEnd':
        if (this.#shape === 'fields' && !(first === ResponseHeader.EOF && end - start < 9)) {
          return this.onColumn(buf, start, end)
        }
        return this.#columnsEnd(buf, start, end)
      case 'rows':
        return this.#rowsEnd(buf, start, end)
      case 'done':
        throw malformedPacket()
    }
  }

  #ok(buf: Buffer, start: number, end: number): void {
    const summary = this.summary
    const affected = readLenenc(buf, start + 1, end)
    summary.affectedRows = affected
    const insertIdAt = start + 1 + lenencBytes(buf[start + 1]!)
    summary.lastInsertId = readLenenc(buf, insertIdAt, end)
    const statusAt = insertIdAt + lenencBytes(buf[insertIdAt]!)
    if (statusAt + 4 > end) throw malformedPacket()
    summary.hasRows = false
    this.onOk(buf, start, end)
    this.#end(buf, statusAt, statusAt + 2)
  }

  #prepareOk(buf: Buffer, start: number, end: number): void {
    if (end - start < 12) throw malformedPacket()
    const columns = buf.readUInt16LE(start + 5)
    const params = buf.readUInt16LE(start + 7)
    this.summary.warnings = buf.readUInt16LE(start + 10)
    this.onPrepareOk(buf, start, columns, params)
    this.#columnsLeft = params > 0 ? params : columns
    this.#columnsAfter = params > 0 ? columns : 0
    this.#state = this.#columnsLeft > 0 ? 'columns' : 'done'
  }

  #columnsEnd(buf: Buffer, start: number, end: number): void {
    if (end - start < 5) throw malformedPacket()
    const status = this.#status(buf, start + 3, start + 1)
    this.onColumnsEnd()
    if (this.#shape === 'fields') {
      this.#state = 'done'
    } else if (this.#shape === 'prepare') {
      this.#columnsLeft = this.#columnsAfter
      this.#columnsAfter = 0
      this.#state = this.#columnsLeft > 0 ? 'columns' : 'done'
    } else if ((status & Status.CURSOR_EXISTS) !== 0) {
      this.summary.hasRows = true
      this.#state = 'done' // the rows come with COM_STMT_FETCH
    } else {
      this.#outParams = (status & Status.PS_OUT_PARAMS) !== 0
      this.#state = 'rows'
    }
  }

  #rowsEnd(buf: Buffer, start: number, end: number): void {
    if (end - start < 5) throw malformedPacket()
    this.summary.hasRows = true
    this.#end(buf, start + 3, start + 1)
    if (this.#state === 'done') this.onRowsDone(buf, start, end)
  }

  /** The last packet of one result: the response ends unless the status promises more. */
  #end(buf: Buffer, statusAt: number, warningsAt: number): void {
    const status = this.#status(buf, statusAt, warningsAt)
    this.onResultEnd()
    // MySQL 9.7 ends the row set of OUT parameters without MORE_RESULTS_EXISTS, yet an OK packet follows.
    const more = (status & Status.MORE_RESULTS_EXISTS) !== 0 || this.#outParams
    this.#outParams = false
    this.#state = more ? 'first' : 'done'
  }

  #status(buf: Buffer, statusAt: number, warningsAt: number): number {
    const status = buf[statusAt]! | (buf[statusAt + 1]! << 8)
    this.summary.status = status
    this.summary.warnings = buf[warningsAt]! | (buf[warningsAt + 1]! << 8)
    const patched = this.patchStatus(status)
    if (patched !== status) {
      buf[statusAt] = patched & 0xff
      buf[statusAt + 1] = patched >> 8
    }
    return status
  }

  #err(buf: Buffer, start: number, end: number): void {
    if (end - start < 3) throw malformedPacket()
    this.summary.errno = buf.readUInt16LE(start + 1)
    this.onErr(buf, start, end)
    this.#state = 'done'
  }

  /** For what comes while there are rows. Nothing of it is kept here, with `wholeRows`, when it has been walked. */
  protected rowMemory(bytes: number): Buffer {
    return Buffer.allocUnsafe(bytes)
  }
  /** Bytes `start` to `end` of the response have been walked; with all hooks called for what lies in them. */
  protected onBytes(_buf: Buffer, _start: number, _end: number): void {}
  /** The same for the last bytes of the response; `onDone` follows. */
  protected onLastBytes(buf: Buffer, start: number, end: number): void {
    this.onBytes(buf, start, end)
  }
  /** Every packet header, with its four bytes present; subclasses may renumber it. */
  protected onHeader(_buf: Buffer, _at: number): void {}
  protected onColumnCount(_count: number): void {}
  protected onColumn(_buf: Buffer, _start: number, _end: number): void {}
  protected onColumnsEnd(): void {}
  protected onPrepareOk(_buf: Buffer, _start: number, _columns: number, _params: number): void {}
  /** Only with `wholeRows`. A row of 2^24 - 1 bytes and more comes in parts: `continues` the one before, `more` follow. */
  protected onRow(_buf: Buffer, _start: number, _end: number, _continues: boolean, _more: boolean): void {}
  /** The server waits for a file, and answers behind it. Only for readers whose command may ask for one. */
  protected onFileAsked(_buf: Buffer, _start: number, _end: number): void {
    throw malformedPacket()
  }
  protected onOk(_buf: Buffer, _start: number, _end: number): void {}
  protected onErr(_buf: Buffer, _start: number, _end: number): void {}
  /** The EOF behind rows with which the response ends. */
  protected onRowsDone(_buf: Buffer, _start: number, _end: number): void {}
  /** A result is complete and `summary` tells of it; more may follow. */
  protected onResultEnd(): void {}
  /** The status flags that the client shall see instead of the backend's. */
  protected patchStatus(status: number): number {
    return status
  }

  /** The response is complete. */
  abstract onDone(): void
  /** The connection broke before the response was complete. */
  abstract onLost(error: Error): void
  /** False in the middle of a row: another packet cannot follow what was passed on. */
  get atPacketBoundary(): boolean {
    return this.#skip === 0 && !this.#continued
  }
}

function emptySummary(): ResponseSummary {
  return { status: 0, warnings: 0, affectedRows: 0, lastInsertId: 0, rows: 0, hasRows: false, errno: 0 }
}

/** Size of a length-encoded integer by its first byte. */
function lenencBytes(first: number): number {
  return first < 0xfb ? 1 : first === 0xfc ? 3 : first === 0xfd ? 4 : 9
}

function readLenenc(buf: Buffer, at: number, end: number): number | bigint {
  if (at >= end || at + lenencBytes(buf[at]!) > end) throw malformedPacket()
  const first = buf[at]!
  if (first < 0xfb) return first
  if (first === 0xfc) return buf.readUInt16LE(at + 1)
  if (first === 0xfd) return buf.readUIntLE(at + 1, 3)
  const wide = buf.readBigUInt64LE(at + 1)
  return wide <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(wide) : wide
}

function readCount(buf: Buffer, start: number, end: number): number {
  const count = Number(readLenenc(buf, start, end))
  if (count === 0 || count > 0xffff) throw malformedPacket()
  return count
}
