/** Counts what the market does with this node, for `status --why`: totals since the start. */
import { toDuckMeshError } from '@duckmesh/protocols'
import type { ErrorCode, Hex } from '@duckmesh/protocols'
import { Bidder } from '@duckmesh/protocols/market'
import { demandComparable } from './comparable-models.ts'
import type { MarketCounts } from './interface.ts'
import type { ServedModels } from './served-models.ts'

type BidAnswer = Awaited<ReturnType<Bidder['decide']>>
type Openings = Parameters<Bidder['opened']>[0]

/** Auctions remembered: a header comes by gossip and by two invitations, and counts once. */
const MAX_AUCTIONS = 4_096

export class MarketStats {
  readonly #auctions = new Set<string>()
  readonly #answered = new Set<string>()
  /** Auctions with a bid of this node whose bids are not opened yet. */
  readonly #waiting = new Set<string>()
  readonly #counts: MarketCounts = {
    heard: 0,
    bids: 0,
    passes: {},
    won: 0,
    lost: {},
    refusals: {},
    matches: 0,
  }

  get counts(): MarketCounts {
    const { lost, passes, refusals } = this.#counts
    return {
      ...this.#counts,
      lost: { ...lost },
      passes: { ...passes },
      refusals: { ...refusals },
    }
  }

  heard(jobId: Hex, attempt: number): void {
    if (isNew(this.#auctions, `${jobId}:${attempt}`)) this.#counts.heard += 1
  }

  answered(jobId: Hex, attempt: number, answer: BidAnswer): void {
    const key = `${jobId}:${attempt}`
    if (!isNew(this.#answered, key)) return
    if (answer.kind === 'pass') {
      add(this.#counts.passes, answer.pass.code)
      return
    }
    this.#counts.bids += 1
    remember(this.#waiting, key)
  }

  /** Openings tell who was awarded: each of our bids counts once, though two seats may send them. */
  opened({ attempt, jobId, winners }: Openings, provider: Hex): void {
    if (!this.#waiting.delete(`${jobId}:${attempt}`) || winners.includes(provider)) return
    add(this.#counts.lost, winners.length === 0 ? 'NOT_AWARDED' : 'OUTBID')
  }

  won(): void {
    this.#counts.won += 1
  }

  refused(code: ErrorCode): void {
    add(this.#counts.refusals, code)
  }

  matched(): void {
    this.#counts.matches += 1
  }
}

type CountedComponents = ConstructorParameters<typeof Bidder>[0] & {
  stats: MarketStats
  served: Pick<ServedModels, 'models'>
}

/** A bidder that tells the counts what it did, and passes where this node's models cannot be compared. */
export class CountedBidder extends Bidder {
  readonly #stats: MarketStats
  readonly #served: CountedComponents['served']
  readonly #provider: Hex

  constructor(components: CountedComponents) {
    super(components)
    this.#stats = components.stats
    this.#served = components.served
    this.#provider = components.provider
  }

  override async decide(...args: Parameters<Bidder['decide']>): Promise<BidAnswer> {
    const { header, jobId } = args[0]
    this.#stats.heard(jobId, header.attempt)
    const answer = this.#passOf(args[0]) ?? (await super.decide(...args))
    this.#stats.answered(jobId, header.attempt, answer)
    return answer
  }

  #passOf({ header, jobId }: Parameters<Bidder['decide']>[0]): BidAnswer | undefined {
    try {
      demandComparable(header.order.order, this.#served.models())
      return undefined
    } catch (error) {
      const { code, message: detail } = toDuckMeshError(error)
      const { attempt } = header
      return {
        kind: 'pass',
        pass: { jobId, attempt, provider: this.#provider, code, detail },
      }
    }
  }

  override async opened(openings: Openings): Promise<void> {
    this.#stats.opened(openings, this.#provider)
    await super.opened(openings)
  }
}

function add(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1
}

function isNew(seen: Set<string>, key: string): boolean {
  if (seen.has(key)) return false
  remember(seen, key)
  return true
}

/** The oldest go first. */
function remember(seen: Set<string>, key: string): void {
  const [oldest] = seen
  if (seen.size >= MAX_AUCTIONS && oldest !== undefined) seen.delete(oldest)
  seen.add(key)
}
