/** What a composition root has opened, to be closed in the reverse order. */
import { endAll } from '@duckmesh/sdk'

export class Closers {
  readonly #closers: (() => unknown)[] = []
  #closing: Promise<void> | undefined

  /** Remembers how to close the value, and returns it. */
  opened<T>(value: T, close: (value: T) => unknown): T {
    this.#closers.push(() => close(value))
    return value
  }

  /** Closes everything, the newest first and each whatever the others do. Rejects with the first failure. */
  closeAll(): Promise<void> {
    this.#closing ??= endAll(this.#closers.toReversed())
    return this.#closing
  }
}
