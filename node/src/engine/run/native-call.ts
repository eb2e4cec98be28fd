/** Marks the times at which the thread is inside the runtime's native code. */

/** Calls under way; shared with the thread that may want to end this one. */
let underWay: Int32Array = new Int32Array(1)

/** From now on counts in memory that another thread can read. */
export function shareNativeCalls(counter: Int32Array<SharedArrayBuffer>): void {
  underWay = counter
}

/**
 * Does native work. A thread that is ended by force in the middle of it takes the whole process along
 * (the binding throws where nobody can catch it), so whoever ends threads looks at the counter first.
 */
export async function nativeCall<T>(work: () => Promise<T>): Promise<T> {
  Atomics.add(underWay, 0, 1)
  try {
    return await work()
  } finally {
    Atomics.sub(underWay, 0, 1)
  }
}
