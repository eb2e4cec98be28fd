/** The client behind a gateway: opened at the first request, because most nodes serve and few ask. */
import { DuckMeshError } from '@duckmesh/protocols'
import type { BookEntry } from '@duckmesh/protocols/market'
import type { JobHandle, JobOptions, JobRequest, LightClient } from '@duckmesh/sdk'
import type { GatewayClient } from './interface.ts'

export interface PayingClientInit {
  /** Opens a client of the node's network. */
  open: (signal: AbortSignal) => Promise<LightClient>
  /** Whether an account is configured that can pay. */
  canPay: boolean
}

export class PayingClient implements GatewayClient {
  readonly #init: PayingClientInit
  readonly #stopping = new AbortController()
  #opening: Promise<LightClient> | undefined

  constructor(init: PayingClientInit) {
    this.#init = init
  }

  async offers(signal: AbortSignal): Promise<BookEntry[]> {
    return (await this.#client()).offers(signal)
  }

  /** Rejects as `LightClient.submit`; without an account with BALANCE_INSUFFICIENT. */
  async submit(request: JobRequest, options: JobOptions): Promise<JobHandle> {
    if (!this.#init.canPay) {
      const what = 'This gateway has no account that pays: set gateway.keystore.'
      throw new DuckMeshError('BALANCE_INSUFFICIENT', what)
    }
    return (await this.#client()).submit(request, options)
  }

  /** Cancels what runs and leaves the mesh. */
  async stop(): Promise<void> {
    this.#stopping.abort(new DuckMeshError('SHUTTING_DOWN', 'The gateway stops.'))
    const client = await this.#opening?.catch(() => undefined)
    await client?.stop()
  }

  /** The open client, or one that all who ask now share; a failure is tried again at the next request. */
  #client(): Promise<LightClient> {
    const { signal } = this.#stopping
    if (signal.aborted) throw signal.reason
    if (this.#opening === undefined) {
      const opening = this.#init.open(signal)
      this.#opening = opening
      opening.catch(() => {
        if (this.#opening === opening) this.#opening = undefined
      })
    }
    return this.#opening
  }
}
