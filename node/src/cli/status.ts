/** `duckmesh status`: what the peers of this machine do now, as each of them tells it. */
import { DuckMeshError } from '@duckmesh/protocols'
import type { PeerStatus } from '../peer/interface.ts'
import { deviceLines } from './device-lines.ts'
import { findNetworkFile } from './network-file.ts'
import { formatDuck } from './format-duck.ts'
import { printJson, printLine, printable } from './output.ts'

export interface StatusOptions {
  /** Address of one gateway. */
  gateway?: string
  /** Shows the counts behind refusals and lost bids. */
  why: boolean
  json: boolean
}

/** One answer, ms. */
const TIMEOUT_MS = 5_000

/** A status as JSON carries it: amounts are decimal strings. */
type ToldStatus = Omit<PeerStatus, 'accusations' | 'engine' | 'evidence' | 'unredeemed'> & {
  unredeemed: string
  /** What older nodes do not tell. */
  engine?: PeerStatus['engine']
  evidence?: PeerStatus['evidence']
  accusations?: ToldAccusation[]
}
type ToldAccusation = Omit<PeerStatus['accusations'][number], 'amount'> & { amount: string }

/** A gateway that did not answer as one. */
interface Silence {
  gateway: string
  error: { code: string; message: string }
}

/** Rejects with NO_PEERS when no gateway answers, or CONFIG_INVALID for an address that is none. */
export async function status(options: StatusOptions): Promise<void> {
  const urls = options.gateway === undefined ? await localGateways() : [options.gateway]
  const addresses = urls.map(statsOf)
  const told = await Promise.all(addresses.map(ask))
  if (told.every((one) => 'error' in one)) throw nobody(urls, told)
  if (options.json) {
    printJson(options.gateway === undefined ? told : told[0])
    return
  }
  for (const one of told) for (const line of lines(one, options.why)) printLine(printable(line))
}

function nobody(
  urls: readonly string[],
  [first]: readonly { error: Silence['error'] }[],
): DuckMeshError {
  const reason = first === undefined ? '' : `: ${first.error.message}`
  const what = `No gateway answered at ${urls.join(', ') || 'any address'}${reason}`
  return new DuckMeshError('NO_PEERS', what)
}

async function localGateways(): Promise<string[]> {
  return (await findNetworkFile(process.cwd())).gateways
}

function statsOf(gateway: string): URL {
  const address = URL.parse('/stats', gateway)
  if (address?.protocol === 'http:' || address?.protocol === 'https:') return address
  const what = `"${gateway}" is no address of a gateway, for example http://127.0.0.1:3828.`
  throw new DuckMeshError('CONFIG_INVALID', what)
}

async function ask(address: URL): Promise<ToldStatus | Silence> {
  const silence = (code: string, message: string): Silence => {
    return { gateway: address.origin, error: { code, message } }
  }
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    const told = (await response.json()) as object
    if ('market' in told && 'seats' in told) return told as ToldStatus
    // Something else listens on that port.
    return silence('MALFORMED_FRAME', 'it is no gateway of DuckMesh')
  } catch (error) {
    return silence('NO_PEERS', reasonOf(error))
  }
}

/** Fetch hides why it failed. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error
  return cause instanceof Error ? cause.message : message
}

function lines(told: ToldStatus | Silence, isWhy: boolean): string[] {
  if ('error' in told) return [`${told.gateway}  does not answer: ${told.error.message}`]
  const { connectedPeers, gateway, inFlight, market, models, provider, seats, slots } = told
  const names = models.map((model) => model.name).join(', ')
  const ranks = seats.ranks.map(({ rank, shard }) => `shard ${shard} rank ${rank}`)
  const { bids, heard, matches, passes, won } = market
  return [
    `Provider ${provider}  peer ${told.peerId}`,
    `  serves ${names}; ${inFlight} of ${slots} slots taken; ${connectedPeers} peers connected`,
    ...engineLines(told.engine),
    ...models.flatMap(({ device, name }) =>
      device === undefined ? [] : deviceLines(name, device).map((line) => `  ${line}`),
    ),
    `  gateway ${gateway}`,
    `  epoch ${seats.epoch}, turn ${seats.turn}: ${ranks.join(', ') || 'no seat'}`,
    `  heard ${heard} jobs, bid on ${bids}, won ${won}, passed ${sum(passes)}; matched ${matches} as a seat`,
    `  holds ${formatDuck(BigInt(told.unredeemed))} not redeemed yet`,
    ...(told.accusations ?? []).map(accusationLine),
    ...(isWhy ? [...reasonLines(market), ...evidenceLines(told.evidence)] : []),
  ]
}

/** Speed and mean batch are those of the runs that drew tokens, since the start. */
function engineLines(engine: PeerStatus['engine'] | undefined): string[] {
  if (engine === undefined) return []
  const { crashes, decodeMs, decodeRuns, decodedTokens, maxOpen, openGenerations } = engine
  const { prefixHitTokens, queued, tokensIn, tokensOut } = engine
  const perSecond = Math.round((decodedTokens * 1_000) / decodeMs)
  const batch = (decodedTokens / decodeRuns).toFixed(1)
  const speed =
    decodeRuns === 0 ? '' : `, ${perSecond} a second while drawing, ${batch} answers at a time`
  const crashed = crashes === 0 ? '' : `; it crashed ${crashes} time(s)`
  return [
    `  engine drew ${tokensOut} tokens${speed}`,
    `  engine read ${tokensIn} tokens of prompts, ${prefixHitTokens} of them from its cache; ${openGenerations} of ${maxOpen} answers open, ${queued} waiting${crashed}`,
  ]
}

function accusationLine({ amount, block, by, id, kind, reason }: ToldAccusation): string {
  const duck = formatDuck(BigInt(amount))
  if (kind === 'slash')
    return `  SLASHED ${duck} in block ${block} for fault ${id}, reported by ${by}`
  return `  ACCUSED of a wrong result in block ${block}, ${duck} held: dispute ${id} by ${by}: ${reason}`
}

function evidenceLines(counts: PeerStatus['evidence'] | undefined): string[] {
  if (counts === undefined || sum(counts) === 0) return []
  const { open, punished, submitted } = counts
  return [
    `    proofs against others: ${open} open, ${submitted} submitted, ${punished} punished by others`,
  ]
}

function reasonLines({ lost, passes, refusals }: PeerStatus['market']): string[] {
  const of = (what: string, counts: Readonly<Record<string, number>>): string[] =>
    Object.entries(counts).map(([code, count]) => `    ${what} ${code}: ${count}`)
  const all = [...of('passed', passes), ...of('lost', lost), ...of('refused award', refusals)]
  return all.length === 0 ? ['    nothing was refused or lost'] : all
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0)
}
