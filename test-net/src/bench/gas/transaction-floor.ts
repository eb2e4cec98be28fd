/**
 * The least that a transaction can cost on its storage layout: what the EVM charges for its bytes, for each slot and
 * contract that it touches, for its logs and for its signatures. All above that is computation, which a better
 * compiler or assembly could lower and nothing could remove whole.
 */
import { hexToBytes } from 'viem'
import type { Hex, PublicClient, TransactionReceipt } from 'viem'

/** Gas schedule of the hard fork Prague (EIP-2028, 2929, 3529, 7623); all slots and contracts start cold. */
const TRANSACTION = 21_000
const BYTE = { zero: 4, other: 16 }
/** EIP-7623: a transaction pays at least this much for its bytes. */
const LEAST_BYTE = { zero: 10, other: 40 }
const SLOT_READ = 2_100
/** On top of the read. */
const SLOT_CHANGE = 2_900
const SLOT_FILL = 20_000
const SLOT_CLEAR_REFUND = 4_800
const CONTRACT = 2_600
const LOG = { base: 375, topic: 375, byte: 8 }
/** The precompile and the call to it. */
const RECOVERY = 3_100
/** A refund is at most this part of what was used. */
const REFUND_PART = 5

/** What the node's tracer says of one account, as far as it counts here. */
interface TracedAccount {
  code?: Hex
  storage?: Record<Hex, Hex>
}

type Traced = Record<Hex, TracedAccount>

interface Difference {
  pre: Traced
  post: Traced
}

const ZERO_WORD = /^0x0*$/

/** The floor of a transaction with so many signatures to recover beside the sender's own. */
export async function transactionFloor(
  client: PublicClient,
  { logs, to, transactionHash }: TransactionReceipt,
  recoveries: number,
): Promise<number> {
  const { input } = await client.getTransaction({ hash: transactionHash })
  const touched = (await trace(client, transactionHash, false)) as Traced
  const changed = (await trace(client, transactionHash, true)) as Difference
  const { gas, refund } = storageGas(touched, changed)
  const logged = logs.reduce((sum, { data, topics }) => sum + logGas(topics.length, data), 0)
  const bytes = hexToBytes(input)
  const called = CONTRACT * contractsBeside(touched, to)
  const used = TRANSACTION + bytesGas(bytes, BYTE) + gas + called + logged + RECOVERY * recoveries
  const refunded = used - Math.min(refund, Math.floor(used / REFUND_PART))
  return Math.max(refunded, TRANSACTION + bytesGas(bytes, LEAST_BYTE))
}

/** The tracer is no part of viem's typed methods. */
function trace(client: PublicClient, hash: Hex, diffMode: boolean): Promise<unknown> {
  const options = { tracer: 'prestateTracer', tracerConfig: { diffMode } }
  const request = client.request as (args: { method: string; params: unknown }) => Promise<unknown>
  return request({ method: 'debug_traceTransaction', params: [hash, options] })
}

function storageGas(touched: Traced, { pre, post }: Difference): { gas: number; refund: number } {
  let [gas, refund] = [0, 0]
  for (const account of new Set([...Object.keys(touched), ...Object.keys(post)])) {
    const slots = { ...slotsOf(touched, account), ...slotsOf(post, account) }
    for (const slot of Object.keys(slots) as Hex[]) {
      gas += SLOT_READ
      const [before, after] = [slotsOf(pre, account)[slot], slotsOf(post, account)[slot]]
      if (before === undefined && after === undefined) continue
      gas += isZero(before) ? SLOT_FILL : SLOT_CHANGE
      if (isZero(after)) refund += SLOT_CLEAR_REFUND
    }
  }
  return { gas, refund }
}

function slotsOf(accounts: Traced, account: string): Record<Hex, Hex> {
  return accounts[account as Hex]?.storage ?? {}
}

/** The tracer leaves words of zero out of differences. */
function isZero(word: Hex | undefined): boolean {
  return word === undefined || ZERO_WORD.test(word)
}

function contractsBeside(touched: Traced, to: Hex | null): number {
  const contracts = Object.entries(touched).filter(([, { code }]) => !isZero(code))
  return contracts.filter(([address]) => address.toLowerCase() !== to?.toLowerCase()).length
}

function logGas(topics: number, data: Hex): number {
  return LOG.base + LOG.topic * topics + LOG.byte * hexToBytes(data).length
}

function bytesGas(bytes: Uint8Array, price: { zero: number; other: number }): number {
  return bytes.reduce((sum, byte) => sum + (byte === 0 ? price.zero : price.other), 0)
}
