import type { ReadClient, WriteClient } from '@duckmesh/contracts'
import { DuckMeshError } from '@duckmesh/protocols'
import type { Hash, TransactionReceipt } from 'viem'
import { waitForTransactionReceipt } from 'viem/actions'
import { chainCall } from './chain-error.ts'
import { RECEIPT_TIMEOUT_MS } from './constants.ts'
import { SerialQueue } from './serial-queue.ts'

export interface TransactionSenderComponents {
  read: ReadClient
  write: WriteClient
}

/** Sends the transactions of one account, each after the one before it is in a block. */
export class TransactionSender {
  readonly #components: TransactionSenderComponents
  readonly #timeoutMs: number
  readonly #queue = new SerialQueue()

  constructor(components: TransactionSenderComponents, timeoutMs: number = RECEIPT_TIMEOUT_MS) {
    this.#components = components
    this.#timeoutMs = timeoutMs
  }

  /**
   * Sends by one of the actions of the contracts and waits for the block. Rejects with the code of the refusal,
   * CHAIN_REVERTED when it failed in its block, CHAIN_UNREACHABLE, or TIMED_OUT when it is in no block in time
   * (it may still get into one).
   */
  send(action: (client: WriteClient) => Promise<Hash>): Promise<TransactionReceipt> {
    return this.#queue.run(() => chainCall(this.#sendNow(action)))
  }

  async #sendNow(action: (client: WriteClient) => Promise<Hash>): Promise<TransactionReceipt> {
    const { read, write } = this.#components
    const hash = await action(write)
    const receipt = await waitForTransactionReceipt(read, { hash, timeout: this.#timeoutMs })
    if (receipt.status === 'success') return receipt
    const what = `Transaction ${receipt.transactionHash} failed in its block.`
    throw new DuckMeshError('CHAIN_REVERTED', what, { details: { hash: receipt.transactionHash } })
  }
}
