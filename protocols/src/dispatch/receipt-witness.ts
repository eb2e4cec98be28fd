/** Notices when one signer says two different things about one step: proof for the chain (rule C-21). */
import type { Receipt, SignedReceipt } from '@duckmesh/proto'

/** Two receipts that together prove a fault of their signer, in the order they came. */
export type Contradiction = readonly [SignedReceipt, SignedReceipt]

export class ReceiptWitness {
  readonly #first = new Map<string, SignedReceipt>()

  /**
   * Remembers a receipt whose signature was checked. Returns the pair when an earlier one for the same job, segment,
   * item, step and provider says otherwise; the same receipt once more is nothing.
   */
  see(signed: SignedReceipt): Contradiction | undefined {
    const step = stepOf(signed.receipt)
    const first = this.#first.get(step)
    if (first === undefined) {
      this.#first.set(step, signed)
      return undefined
    }
    return isSame(first.receipt, signed.receipt) ? undefined : [first, signed]
  }
}

/** What a contradiction is about (SCHEMAS): everything else must then be equal. */
function stepOf({ item, jobId, provider, segment, seq }: Receipt): string {
  return [jobId, segment, item, seq, provider].join(':')
}

function isSame(a: Receipt, b: Receipt): boolean {
  return (Object.keys(a) as (keyof Receipt)[]).every((field) => a[field] === b[field])
}
