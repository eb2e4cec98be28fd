/** A seat's side of service fees: takes vouchers that raise what a payer owes and that it can redeem. */
import type { Hex, SignedServiceVoucher } from '@duckmesh/proto'
import type { Crypto, NetworkIdentity } from '../components.ts'
import { DuckMeshError } from '../errors.ts'
import type { SeatFees } from '../market/index.ts'
import { recoverStruct } from '../signed-struct.ts'
import type { ChainService, ServicePort } from './interface.ts'
import { ServiceBook } from './service-book.ts'
import type { ServiceRow, ServiceStore } from './store.ts'

export interface ServiceEarningsComponents {
  crypto: Crypto
  network: NetworkIdentity
  port: Pick<ServicePort, 'service'>
  /** Owner address of this provider. */
  provider: Hex
  services: ServiceStore
}

export class ServiceEarnings implements SeatFees {
  readonly #components: ServiceEarningsComponents
  readonly #book: ServiceBook

  constructor(components: ServiceEarningsComponents) {
    this.#components = components
    this.#book = new ServiceBook(components.services)
  }

  /**
   * Books a fee of `fee` wei against a voucher for this provider: the voucher's total covers all fees of its
   * payer so far and this one, and what is new in it the service allotment covers (rule S-15). Vouchers of jobs
   * that ran at once may overtake one another. The row is on disk when the promise resolves. Whose job it is for
   * is the caller's to check.
   *
   * @throws DuckMeshError VOUCHER_INVALID, ALLOTMENT_EXCEEDED, CHAIN_UNREACHABLE, or of stage `store`
   */
  async raise(signed: SignedServiceVoucher, fee: bigint): Promise<void> {
    const { provider } = this.#components
    const { payer, cumulative } = signed.voucher
    this.#checkSigned(signed)
    await this.#book.change({ payer, provider }, 'grouped', async (before) => {
      const row = cumulative > before.paid ? await this.#raised(before, signed) : before
      const due = row.due + fee
      if (due > row.paid) {
        const details = { need: due, given: cumulative }
        throw invalid('The service voucher does not cover this fee.', details)
      }
      return fee === 0n ? row : { ...row, due }
    })
  }

  /** What the chain has paid out to this provider from the allotment of `payer` by now. */
  async redeemed(payer: Hex, redeemed: bigint): Promise<void> {
    const key = { payer, provider: this.#components.provider }
    await this.#book.change(key, 'durable', (row) =>
      row.redeemed === redeemed ? row : { ...row, redeemed },
    )
  }

  /** The row with a higher voucher; after a lost disk the chain still knows what was redeemed, and that is due. */
  async #raised(row: ServiceRow, signed: SignedServiceVoucher): Promise<ServiceRow> {
    const { payer, provider, cumulative } = signed.voucher
    const chain = await this.#components.port.service(payer, provider)
    checkCovered(chain, cumulative)
    const due = row.due > chain.redeemedBy ? row.due : chain.redeemedBy
    return { ...row, paid: cumulative, due, voucher: signed, redeemed: chain.redeemedBy }
  }

  #checkSigned({ voucher, signature }: SignedServiceVoucher): void {
    const { crypto, network, provider } = this.#components
    if (voucher.provider !== provider) throw invalid('The service voucher is for another provider.')
    const signer = recoverStruct(crypto, network, 'ServiceVoucher', voucher, signature)
    if (signer !== voucher.payer) throw invalid('The service voucher is not signed by its payer.')
  }
}

/** The allotment is shared: what others redeemed is gone, what this provider redeemed is part of the total. */
function checkCovered(chain: ChainService, cumulative: bigint): void {
  const covered = chain.allotted - chain.redeemed - chain.thawing
  const need = cumulative - chain.redeemedBy
  if (need <= covered) return
  const what = 'The service voucher is above what the allotment can pay.'
  throw new DuckMeshError('ALLOTMENT_EXCEEDED', what, { details: { need, covered } })
}

function invalid(what: string, details: Record<string, bigint> = {}): DuckMeshError {
  return new DuckMeshError('VOUCHER_INVALID', what, { details })
}
