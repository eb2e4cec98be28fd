/**
 * Auction lane against a central matchmaker over HTTP, turn and turn about: from the header to the choice of a
 * provider, and from the request to the first token of a whole job.
 */
import { fileURLToPath } from 'node:url'
import { Devnet } from '../devnet.ts'
import { runJob } from '../job/run-job.ts'
import { Child } from '../processes/child.ts'
import { round, summarize } from './stats.ts'
import type { Summary } from './stats.ts'
import { MAX_TOKENS, PROMPT } from './workload.ts'

export interface AuctionLaneReport {
  /** Processes of the network: chain, seed, staked peers, client. */
  processes: number
  providers: number
  /** From the header to the choice, ms: the window for bids is 30 to 250 of them. */
  auction: Summary
  /** The same of the central matchmaker, ms. */
  central: Summary
  /** Measured jobs for which no seat answered in time; they went by the direct lane and are in no figure of auctions. */
  unauctioned: number
  /** p50 of the auction over that of the central matchmaker. */
  ratio: number
  /** From the request to the first text of an auctioned job, ms. */
  ttft: Summary
  /** The same on the direct lane, ms. */
  directTtft: Summary
}

const START_TIMEOUT_MS = 60_000
/** Rounds before those that count: streams get warm and every seat of the turn known. */
const WARM_UP = 5

/** Runs `rounds` jobs on each side in a network of `providers` staked peers. */
export async function benchAuctionLane(
  root: string,
  providers: number,
  rounds: number,
): Promise<AuctionLaneReport> {
  const net = await Devnet.start({ root, providers })
  const central = await CentralMarket.start(providers)
  try {
    const samples = { auction: [], central: [], ttft: [], direct: [] } as Record<string, number[]>
    for (let n = -WARM_UP; n < rounds; n++) {
      const one = await measureOne(net, central)
      if (n < 0) continue
      for (const [name, value] of Object.entries(one)) samples[name]?.push(value)
    }
    return report(net, samples)
  } finally {
    await central.stop()
    await net.stop()
  }
}

async function measureOne(net: Devnet, central: CentralMarket): Promise<Record<string, number>> {
  const input = { prompt: PROMPT, model: 'duckling', maxTokens: MAX_TOKENS, maxPrice: 10n ** 18n }
  const auctioned = await runJob(net.client, input)
  const direct = await runJob(net.client, { ...input, lane: 'direct' })
  const centralMs = await central.match()
  const both = { direct: direct.ttftMs, central: centralMs }
  const { auctionMs: auction, ttftMs: ttft } = auctioned
  return auction === null ? both : { ...both, auction, ttft }
}

function report(net: Devnet, samples: Record<string, number[]>): AuctionLaneReport {
  const of = (name: string): Summary => summarize(samples[name] ?? [])
  const [auction, central] = [of('auction'), of('central')]
  return {
    processes: net.children.length,
    providers: net.providers.length,
    auction,
    central,
    unauctioned: (samples['direct'] ?? []).length - (samples['auction'] ?? []).length,
    ratio: round(auction.p50 / central.p50),
    ttft: of('ttft'),
    directTtft: of('direct'),
  }
}

/** The central matchmaker with its providers. */
class CentralMarket {
  readonly #children: Child[]
  readonly #port: number

  private constructor(children: Child[], port: number) {
    this.#children = children
    this.#port = port
  }

  static async start(providers: number): Promise<CentralMarket> {
    const sellers = Array.from({ length: providers }, (_, n) => {
      return spawn(`seller-${n}`, ['provider', `seller-${n}`, `${100 + 5 * n}`])
    })
    const ports = await Promise.all(sellers.map(portOf))
    const coordinator = spawn('coordinator', ['coordinator', ...ports.map(String)])
    return new CentralMarket([...sellers, coordinator], await portOf(coordinator))
  }

  /** Time from the job to the name of its provider, ms. */
  async match(): Promise<number> {
    const start = performance.now()
    const body = JSON.stringify({ model: 'duckling', maxTokens: MAX_TOKENS })
    const response = await fetch(`http://127.0.0.1:${this.#port}/`, { method: 'POST', body })
    await response.json()
    return performance.now() - start
  }

  async stop(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.stop()))
  }
}

function spawn(name: string, args: readonly string[]): Child {
  const file = fileURLToPath(new URL('./central-market.ts', import.meta.url))
  const flags = ['--conditions=@duckmesh/source', '--disable-warning=ExperimentalWarning']
  return new Child({ name, command: process.execPath, args: [...flags, file, ...args] })
}

async function portOf(child: Child): Promise<number> {
  const { port } = await child.event('ready', START_TIMEOUT_MS)
  return Number(port)
}
