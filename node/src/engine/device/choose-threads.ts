/** How many threads compute one run of a graph. */
import { availableParallelism } from 'node:os'

/** Most threads that may be asked for. */
export const MAX_THREADS = 256

/** A number of threads, or to choose one. */
export type Threads = number | 'auto'

/**
 * So many bytes of weights keep a thread busy in each run. With less the threads wait for one another: a second one
 * gains nothing on a model of 7 MB.
 */
const BYTES_PER_THREAD: number = 16 * 1024 * 1024

/**
 * The number asked for; of `auto` one for each 16 MiB of weights, but a core is left to the rest of the node.
 * @param weightBytes what one run of the graph reads
 * @param cores of the machine, as far as this process may use them
 */
export function chooseThreads(
  wanted: Threads,
  weightBytes: number,
  cores: number = availableParallelism(),
): number {
  if (wanted !== 'auto') return wanted
  return Math.max(1, Math.min(cores - 1, Math.ceil(weightBytes / BYTES_PER_THREAD), MAX_THREADS))
}
