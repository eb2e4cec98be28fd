/** What a relay looks at before it pays for a transaction (rule S-21). */
import type { Hex, RelayPermit, RelayRequest, SignedVoucher } from '@duckmesh/proto'
import type { Clock, Crypto, NetworkIdentity } from '../components.ts'
import { DuckMeshError } from '../errors.ts'
import type { StakeView } from '../mesh/index.ts'
import { recoverStruct } from '../signed-struct.ts'
import { PERMIT_MARGIN_S } from './constants.ts'
import type { RelayFee, RelayGroup, RelayPort } from './interface.ts'

export interface RelayRules {
  clock: Clock
  crypto: Crypto
  network: NetworkIdentity
  port: Omit<RelayPort, 'redeemMany'>
  stake: StakeView
  /** What this relay takes, hundredths of a per cent. */
  feeBps: number
}

/**
 * The group that a request asks to redeem, without vouchers that would pay nothing. `operator` is who the caller
 * proved to act for. Rejects with INVALID_PROVIDER, VOUCHER_INVALID, NOTHING_TO_REDEEM, PERMIT_INVALID or
 * CHAIN_UNREACHABLE.
 */
export async function checkRelayRequest(
  request: RelayRequest,
  operator: Hex,
  rules: RelayRules,
): Promise<RelayGroup> {
  const { provider } = request
  await requireOwnProvider(provider, operator, rules)
  const vouchers = signedVouchers(request, rules)
  const fee = rules.feeBps === 0 ? undefined : await checkPermit(request, operator, rules)
  const gaining = await gainingOf(vouchers, rules)
  if (gaining.length === 0)
    throw new DuckMeshError('NOTHING_TO_REDEEM', 'No voucher of the request would pay anything.')
  return { provider, vouchers: gaining, ...(fee === undefined ? {} : { fee }) }
}

async function requireOwnProvider(
  provider: Hex,
  operator: Hex,
  { stake }: RelayRules,
): Promise<void> {
  const own = await stake.providerOf(operator)
  if (own === 'unknown')
    throw new DuckMeshError('CHAIN_UNREACHABLE', 'Who the caller acts for is not known now.')
  if (own === provider) return
  const what = 'A relay redeems for the provider that asks, and for nobody else.'
  throw new DuckMeshError('INVALID_PROVIDER', what, { details: { provider, operator } })
}

/** Each signed by its payer, one of each payer: what the contract would skip is not paid for. */
function signedVouchers(
  { provider, vouchers }: RelayRequest,
  { crypto, network }: RelayRules,
): SignedVoucher[] {
  if (new Set(vouchers.map(({ payer }) => payer)).size < vouchers.length)
    throw new DuckMeshError('VOUCHER_INVALID', 'Two vouchers of one payer.')
  return vouchers.map(({ cumulative, payer, signature }) => {
    const voucher = { payer, provider, cumulative, epoch: 0 }
    if (recoverStruct(crypto, network, 'Voucher', voucher, signature) === payer)
      return { voucher, signature }
    throw new DuckMeshError('VOUCHER_INVALID', 'A voucher is not signed by its payer.', {
      details: { payer },
    })
  })
}

async function gainingOf(
  vouchers: readonly SignedVoucher[],
  { port }: RelayRules,
): Promise<SignedVoucher[]> {
  const gains = await Promise.all(
    vouchers.map(async ({ voucher: { cumulative, payer, provider } }) => {
      const { allotted, redeemed } = await port.channel(payer, provider)
      return cumulative > redeemed && cumulative <= allotted
    }),
  )
  return vouchers.filter((_, index) => gains[index] === true)
}

/** The fee of the permit when the contract would give it, at least ours. */
async function checkPermit(
  { permit, provider }: RelayRequest,
  operator: Hex,
  rules: RelayRules,
): Promise<RelayFee> {
  if (permit === undefined || permit.feeBps < rules.feeBps)
    throw unpaid(`This relay takes ${String(rules.feeBps)} basis points.`, rules)
  const { deadline, feeBps: bps, nonce, signature } = permit
  if (deadline < rules.clock.now() / 1_000 + PERMIT_MARGIN_S)
    throw unpaid('The permit ends before the transaction can be in a block.', rules)
  if (!isSignedBy([operator, provider], permit, provider, rules))
    throw unpaid('The permit is not signed by the provider for this relay.', rules)
  if (await rules.port.isNonceUsed(provider, nonce))
    throw unpaid('The permit was used before.', rules)
  return { bps, nonce, deadline, signature }
}

function isSignedBy(
  signers: readonly Hex[],
  { deadline, feeBps, nonce, signature }: RelayPermit,
  provider: Hex,
  { crypto, network, port }: RelayRules,
): boolean {
  const message = { provider, relayer: port.relayer, feeBps, nonce, deadline }
  const signer = recoverStruct(crypto, network, 'RedeemPermit', message, signature)
  return signer !== null && signers.includes(signer)
}

function unpaid(what: string, { feeBps, port }: RelayRules): DuckMeshError {
  return new DuckMeshError('PERMIT_INVALID', what, { details: { feeBps, relayer: port.relayer } })
}
