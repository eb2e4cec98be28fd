/** The chain of `ModelPort` with transactions that redeem for several providers, and parties with vouchers. */
import type { Hex, RelayVoucher, SignedVoucher } from '@duckmesh/proto'
import { DuckMeshError } from '../../src/errors.ts'
import type { Redemption, RelayGroup, RelayPort } from '../../src/settlement/index.ts'
import type { RelayedGroup, RelayedPort } from '../../src/settlement/index.ts'
import { signStruct } from '../../src/signed-struct.ts'
import { ModelPort } from '../support/model-port.ts'
import { TEST_NETWORK, testSigner } from '../support/test-crypto.ts'

/** What one transaction did, by provider. */
interface Mined {
  height: number
  done: Map<Hex, { vouchers: number; skipped: Hex[] }>
}

export class RelayChain extends ModelPort implements RelayPort, RelayedPort {
  readonly relayer: Hex
  readonly nonces = new Set<string>()
  /** Groups of each `finalizeMany`. */
  readonly batches: (readonly RelayGroup[])[] = []
  readonly mined = new Map<Hex, Mined>()
  /** Transactions that a provider sent for itself. */
  alone = 0

  constructor(relayer: Hex = testSigner('relay').address) {
    super()
    this.relayer = relayer
  }

  isNonceUsed(provider: Hex, nonce: number): Promise<boolean> {
    return Promise.resolve(this.nonces.has(`${provider}:${String(nonce)}`))
  }

  override redeem(provider: Hex, vouchers: readonly SignedVoucher[]): Promise<Redemption[]> {
    this.alone += 1
    return super.redeem(provider, vouchers)
  }

  async redeemMany(groups: readonly RelayGroup[]): Promise<RelayedGroup[]> {
    this.batches.push(groups)
    const hash: Hex = `0x${(0xa000 + this.mined.size).toString(16).padStart(64, '0')}`
    const answers: RelayedGroup[] = []
    const done: Mined['done'] = new Map()
    for (const { fee, provider, vouchers } of groups) {
      const name = `${provider}:${String(fee?.nonce)}`
      if (fee !== undefined && this.nonces.has(name)) {
        answers.push({ hash, skipped: [], refused: 'NonceUsed' })
        continue
      }
      const [own] = await super.redeem(provider, vouchers)
      const skipped = [...(own?.skipped ?? [])]
      if (fee !== undefined && skipped.length < vouchers.length) this.nonces.add(name)
      done.set(provider, { vouchers: vouchers.length, skipped })
      answers.push({ hash, skipped })
    }
    this.mined.set(hash, { height: this.mined.size + 1, done })
    return answers
  }

  async redeemBy(
    provider: Hex,
    vouchers: readonly SignedVoucher[],
    send: () => Promise<Hex>,
  ): Promise<Redemption> {
    const before = this.mined.size
    const hash = await send()
    const { done, height = 0 } = this.mined.get(hash) ?? {}
    const own = done?.get(provider)
    if (own === undefined || height <= before)
      throw new DuckMeshError('RELAY_UNTRUE', 'The chain does not show it.')
    // The model skips for a reason that lasts only those of `skip`.
    const skipped = own.skipped.filter((payer) => this.skip.has(payer))
    const sums = { vouchers: vouchers.length, gasUsed: 90_000n, burnt: 0n, relayFee: 0n }
    return { hash, kind: 'jobs', ...sums, skipped }
  }
}

export async function voucherOf(
  payer: string,
  provider: Hex,
  cumulative: bigint,
): Promise<SignedVoucher> {
  const signer = testSigner(payer)
  const voucher = { payer: signer.address, provider, cumulative, epoch: 0 }
  return { voucher, signature: await signStruct(signer, TEST_NETWORK, 'Voucher', voucher) }
}

/** As it travels to a relay. */
export function packed({ signature, voucher: { cumulative, payer } }: SignedVoucher): RelayVoucher {
  return { payer, cumulative, signature }
}
