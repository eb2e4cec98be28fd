/** Looks on the chain for what is said against this provider: it cannot defend itself against what it does not know. */
import { toDuckMeshError } from '@duckmesh/protocols'
import type { Clock, Logger } from '@duckmesh/protocols'
import type { Accusation, ChainAccusations } from '../chain/index.ts'
import type { NodeStore } from '../storage/index.ts'

/** How far the first look goes back, blocks: some days of most chains; older slashes are settled. */
const FIRST_LOOK_BLOCKS = 50_000
/** Blocks of one question: what public endpoints answer. */
const BLOCKS_PER_QUESTION = 2_000
/** Blocks that are looked at again, because a chain may replace its last ones. */
const OVERLAP_BLOCKS = 16
/** Accusations that are remembered. */
const MAX_KEPT = 64

/** Name under which the watch keeps how far it came. */
const META_KEY = 'accusations'

export interface AccusationWatchComponents {
  chain: Pick<ChainAccusations, 'between' | 'head'>
  clock: Clock
  logger: Logger
  meta: NodeStore['meta']
}

/** As JSON: amounts are decimal text. */
interface Kept {
  next: number
  list: (Omit<Accusation, 'amount'> & { amount: string })[]
}

export class AccusationWatch {
  readonly #components: AccusationWatchComponents
  readonly #everyMs: number
  #list: Accusation[] = []
  /** The next block to look at; undefined before the first look. */
  #next: number | undefined
  /** The list as it was written last. */
  #saved: readonly Accusation[] | undefined
  #savedNext = 0
  #stopped = false
  #cancelTimer: () => void = () => undefined

  /** @param everyMs between two looks, ms */
  constructor(components: AccusationWatchComponents, everyMs: number) {
    this.#components = components
    this.#everyMs = everyMs
  }

  /** What is known, newest first. */
  get list(): Accusation[] {
    return [...this.#list].reverse()
  }

  /** Goes on where an earlier run ended. */
  async start(): Promise<void> {
    const text = await this.#components.meta.getMeta(META_KEY)
    if (text !== undefined) {
      const { list, next } = JSON.parse(text) as Kept
      this.#next = next
      this.#list = list.map((each) => ({ ...each, amount: BigInt(each.amount) }))
      this.#saved = this.#list
      this.#savedNext = next
    }
    this.#schedule(0)
  }

  stop(): void {
    this.#stopped = true
    this.#cancelTimer()
  }

  #schedule(ms: number): void {
    if (this.#stopped) return
    this.#cancelTimer = this.#components.clock.after(ms, () => {
      void this.#look().finally(() => {
        this.#schedule(this.#everyMs)
      })
    })
  }

  async #look(): Promise<void> {
    const { chain, logger } = this.#components
    try {
      const head = await chain.head()
      for (let at = this.#from(head); at <= head; at += BLOCKS_PER_QUESTION) {
        if (this.#stopped) return
        const to = Math.min(head, at + BLOCKS_PER_QUESTION - 1)
        for (const each of await chain.between(at, to)) this.#add(each)
        await this.#save(to + 1)
      }
    } catch (error) {
      logger.debug('provider.accusations_unknown', { code: toDuckMeshError(error).code })
    }
  }

  /** A chain that is much shorter than what was seen is another one: a local network that began anew. */
  #from(head: number): number {
    if (this.#next !== undefined && this.#next > head + BLOCKS_PER_QUESTION) {
      this.#next = undefined
      this.#list = []
    }
    if (this.#next === undefined) return Math.max(0, head - FIRST_LOOK_BLOCKS)
    return Math.max(0, Math.min(this.#next, head + 1) - OVERLAP_BLOCKS)
  }

  #add(accusation: Accusation): void {
    const { amount, kind, ...rest } = accusation
    if (this.#list.some(({ id, kind: other }) => id === rest.id && other === kind)) return
    this.#list = [...this.#list, accusation].slice(-MAX_KEPT)
    const event = kind === 'dispute' ? 'provider.accused' : 'provider.slashed'
    this.#components.logger.warn(event, { ...rest, amount: `${amount}` })
  }

  /** Written when something is new: most looks find nothing, and looking twice at a block does no harm. */
  async #save(next: number): Promise<void> {
    const isFar = next - this.#savedNext >= BLOCKS_PER_QUESTION
    this.#next = next
    if (!isFar && this.#saved === this.#list) return
    this.#saved = this.#list
    this.#savedNext = next
    const list = this.#list.map((each) => ({ ...each, amount: `${each.amount}` }))
    const text = JSON.stringify({ next, list } satisfies Kept)
    await this.#components.meta.setMeta(META_KEY, text, 'grouped')
  }
}
