/** The payer's side of service fees: one running total per seat, never above the shared allotment. */
import type { Hex, ServiceVoucher, SignedServiceVoucher } from '@duckmesh/proto'
import type { NetworkIdentity, Signer } from '../components.ts'
import { DuckMeshError } from '../errors.ts'
import { signStruct } from '../signed-struct.ts'
import type { ServicePort } from './interface.ts'
import type { ServiceRow, ServiceStore } from './store.ts'

const EMPTY = { paid: 0n, due: 0n, redeemed: 0n }

export interface ServicePayerComponents {
  network: NetworkIdentity
  port: Pick<ServicePort, 'service'>
  services: ServiceStore
  signer: Signer
}

export class ServicePayer {
  readonly #components: ServicePayerComponents
  /** All seats draw on one allotment, so one payment at a time looks at their sum. */
  #tail: Promise<unknown> = Promise.resolve()
  #rows: Map<Hex, ServiceRow> | undefined

  constructor(components: ServicePayerComponents) {
    this.#components = components
  }

  /**
   * A voucher that raises what this payer owes `seat` by `amount` wei; for 0 the total as it is. The voucher is
   * on disk when the promise resolves (rule S-14).
   *
   * @throws DuckMeshError BALANCE_INSUFFICIENT when the service allotment does not cover it, CHAIN_UNREACHABLE,
   *   or of stage `store`
   */
  pay(seat: Hex, amount: bigint): Promise<SignedServiceVoucher> {
    const paid = this.#tail.then(() => this.#pay(seat, amount))
    this.#tail = paid.catch(() => undefined)
    return paid
  }

  async #pay(seat: Hex, amount: bigint): Promise<SignedServiceVoucher> {
    const { services, signer } = this.#components
    const rows = await this.#load()
    const before = rows.get(seat)
    if (amount <= 0n && before?.voucher !== undefined) return before.voucher
    const row = before ?? { ...EMPTY, payer: signer.address, provider: seat }
    const raised = amount <= 0n ? row : await this.#raised(rows, row, amount)
    const voucher = await this.#signed(seat, raised.paid)
    const after: ServiceRow = { ...raised, voucher }
    await services.saveService(after, 'durable')
    rows.set(seat, after)
    return voucher
  }

  /** On a fresh store the chain still knows what the seat redeemed, so the total never falls below that. */
  async #raised(
    rows: ReadonlyMap<Hex, ServiceRow>,
    row: ServiceRow,
    amount: bigint,
  ): Promise<ServiceRow> {
    const { port, signer } = this.#components
    const chain = await port.service(signer.address, row.provider)
    const held = row.paid > chain.redeemedBy ? row.paid : chain.redeemedBy
    const others = [...rows.values()].filter(({ provider }) => provider !== row.provider)
    const known = others.reduce((sum, { paid }) => sum + paid, held)
    const spent = known > chain.redeemed ? known : chain.redeemed
    const allotted = chain.allotted - chain.thawing
    if (spent + amount > allotted) {
      const what = 'The service allotment does not cover this fee.'
      const details = { need: spent + amount, allotted, seat: row.provider }
      throw new DuckMeshError('BALANCE_INSUFFICIENT', what, { details })
    }
    const paid = held + amount
    return { ...row, paid, due: paid, redeemed: chain.redeemedBy }
  }

  async #signed(provider: Hex, cumulative: bigint): Promise<SignedServiceVoucher> {
    const { network, signer } = this.#components
    const voucher: ServiceVoucher = { payer: signer.address, provider, cumulative }
    return { voucher, signature: await signStruct(signer, network, 'ServiceVoucher', voucher) }
  }

  async #load(): Promise<Map<Hex, ServiceRow>> {
    const { services, signer } = this.#components
    if (this.#rows !== undefined) return this.#rows
    const own = (await services.listServices()).filter(({ payer }) => payer === signer.address)
    this.#rows = new Map(own.map((row) => [row.provider, row]))
    return this.#rows
  }
}
