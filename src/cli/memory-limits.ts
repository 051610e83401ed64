import { totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import type { SessionLimits } from '../session/proxy-context.ts'
import type { ServeConfig } from './config.ts'

/** Parts of the heap: three quarters of it stay for statements at work, and for what nobody counts. */
const SESSIONS_PART = 1 / 4
const PLANS_PART = 1 / 16
const PARSER_PART = 1 / 8
/** Packets lie beside the heap; a machine that has room for one has it for half as much of them, too. */
const PACKETS_PART = 1 / 2
/** Of what all sessions may hold: no single one can take the memory of the others. */
const SESSION_PART = 1 / 4

type MemoryLimits = Pick<
  SessionLimits,
  'memoryMax' | 'sessionMemoryMax' | 'planMemoryMax' | 'parserMemoryMax'
>

/** What sessions and plans of this process may hold, where the configuration leaves it to the size of the heap. */
export function memoryLimits(
  config: Pick<ServeConfig, 'connection_memory_limit' | 'global_connection_memory_limit'>,
  heapBytes = getHeapStatistics().heap_size_limit,
): MemoryLimits {
  const memoryMax = config.global_connection_memory_limit || heapBytes * SESSIONS_PART
  const sessionMemoryMax = config.connection_memory_limit || memoryMax * SESSION_PART
  return {
    memoryMax: Math.floor(memoryMax),
    sessionMemoryMax: Math.floor(Math.min(memoryMax, sessionMemoryMax)),
    parserMemoryMax: Math.floor(heapBytes * PARSER_PART),
    planMemoryMax: Math.floor(heapBytes * PLANS_PART),
  }
}

/** What large packets may take that are being received or carried out: one of them always. */
export function packetMemoryMax(
  { max_allowed_packet: packetMax }: Pick<ServeConfig, 'max_allowed_packet'>,
  heapBytes = getHeapStatistics().heap_size_limit,
): number {
  return Math.max(packetMax, Math.floor(heapBytes * PACKETS_PART))
}

/**
 * Arguments of node for each of several workers: in a container, where node gives every process a heap for the memory of all,
 * they share the heap that this one may have.
 */
export function workerHeapArgs(
  workers: number,
  { heapBytes, isContained } = {
    heapBytes: getHeapStatistics().heap_size_limit,
    isContained: hasMemoryLimit(),
  },
): readonly string[] {
  return isContained ? [`--max-old-space-size=${Math.floor(heapBytes / workers / 2 ** 20)}`] : []
}

function hasMemoryLimit(): boolean {
  const limit = process.constrainedMemory()
  return limit > 0 && limit < totalmem()
}
