import { DuckMeshError } from '@duckmesh/protocols'
import { Child } from './child.ts'
import type { ChildInit } from './interface.ts'

/** The processes of one network, in the order of their start; none is left when the group was stopped. */
export class ChildGroup {
  readonly #children: Child[] = []
  #stopping: Promise<void> | null = null

  /** Starts one more. Throws SHUTTING_DOWN when the group is being stopped. */
  spawn(init: ChildInit): Child {
    if (this.#stopping !== null) {
      throw new DuckMeshError('SHUTTING_DOWN', 'The local network is being stopped.')
    }
    const child = new Child(init)
    this.#children.push(child)
    return child
  }

  /** Ends all of them, the first one (the chain) when nobody needs it any more. Every call waits for the end. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll()
    return this.#stopping
  }

  async #stopAll(): Promise<void> {
    const [chain, ...others] = this.#children
    await Promise.all(others.map((child) => child.stop()))
    await chain?.stop()
  }
}
