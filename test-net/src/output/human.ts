/** What `npm start` shows to people, line by line, as it happens. */
import { formatDuck } from '@duckmesh/node'
import type { JobTranscript } from '@duckmesh/sdk'
import type { JobReport, MainJobReport } from '../job/interface.ts'
import type { ChildEvent } from '../processes/interface.ts'

type Auction = JobTranscript['auctions'][0]

const JOB_STATE: Readonly<Record<string, string>> = {
  posted: 'order signed, header on its way to two seats and to gossip; nothing is paid yet',
  matched: 'the bids are open, the choice is made',
  awarded: 'awards with the sealed prompt sent',
  accepted: 'accepted',
  running: 'working',
  completed: 'every last receipt is in',
  finalized: 'receipts and vouchers agree; providers may redeem',
  disputed: 'the members gave unequal answers',
  failed: 'failed',
  cancelled: 'cancelled',
  expired: 'expired',
}

/** A printer that writes to `out` and knows whether a line of streamed text is open. */
export class HumanPrinter {
  readonly #write: (text: string) => void
  #open = false
  #startMs: number | null = null
  #mode = 1

  constructor(write: (text: string) => void) {
    this.#write = write
  }

  line(text = ''): void {
    if (this.#open) this.#write('\n')
    this.#open = false
    this.#write(`${text}\n`)
  }

  jobStart(kind: JobReport['kind'], prompt: string): void {
    const how = kind === 'stream' ? 'one provider, streaming' : 'three providers, compared'
    this.#startMs = null
    this.#mode = kind === 'stream' ? 1 : 0
    this.line()
    this.line(`Asking "${prompt}" (${how})`)
  }

  jobDone(job: JobReport): void {
    const rest = `${formatDuck(job.unspent)} of ${formatDuck(job.maxPrice)} unspent`
    if (job.kind === 'redundant') {
      this.line(`  ${job.agreed ? 'agreed' : 'NOT agreed'}    ${job.text.replaceAll('\n', ' ')}`)
    }
    this.line(`${job.tokens} tokens, first after ${job.ttftMs} ms, all after ${job.totalMs} ms`)
    for (const winner of job.winners) this.line(`  speed     ${speedOf(winner)}`)
    this.line(`Price ${formatDuck(job.paid)}, ${rest}; seat fee ${formatDuck(job.seatFee)}`)
  }

  /** An event line of the client process. */
  onEvent(process: string, event: ChildEvent): void {
    if (process !== 'client' || event.event !== 'job') return
    switch (event['type']) {
      case 'auction':
        this.#auction(event['auction'] as Auction)
        break
      case 'lane':
        this.line(`  lane      ${String(event['lane'])}: ${String(event['why'])}`)
        break
      case 'job':
        this.#job(String(event['state']), Number(event['atMs']))
        break
      case 'award':
        this.line(`  award     segment ${Number(event['segment'])} to ${short(event['provider'])}`)
        break
      case 'state':
        if (event['state'] === 'accepted') {
          this.line(`  accept    signed by ${short(event['provider'])}`)
        }
        break
      case 'voucher':
        this.#voucher(event)
        break
      case 'receipt':
        this.#receipt(event)
        break
      case 'reveal':
        this.line(`  reveal    ${short(event['provider'])} opened its commitment`)
        break
      case 'text':
        this.#text(String(event['text']))
        break
    }
  }

  report(report: MainJobReport): void {
    const { balances, chainTxDuringJobs, settlement } = report
    this.line()
    this.line(`${settledIn(settlement)}; ${chainTxDuringJobs} transactions during the jobs`)
    for (const { gasUsed, hash, kind, providers, vouchers } of settlement.txs) {
      const what = kind === 'jobs' ? 'job voucher(s)' : 'service voucher(s)'
      this.line(`  ${hash}  ${vouchers} ${what} of ${providers} provider(s), ${gasUsed} gas`)
    }
    this.line(`  burnt ${formatDuck(settlement.burnt)}, 1 % of what was redeemed`)
    this.line()
    this.line('Balances (wallet, escrow, stake and earnings)')
    for (const [address, before] of Object.entries(balances.before)) {
      const after = balances.after[address as keyof typeof balances.after] ?? 0n
      const change = after - before
      const sign = change > 0n ? '+' : ''
      this.line(
        `  ${address}  ${formatDuck(before)} -> ${formatDuck(after)}  (${sign}${formatDuck(change)})`,
      )
    }
  }

  #auction({ auctionMs, bids, epoch, failure, passes, seats, shard, turn }: Auction): void {
    this.line(
      `  auction   ${Math.round(auctionMs)} ms; epoch ${epoch}, turn ${turn}, shard ${shard}`,
    )
    for (const { ackMs, bids: relayed, owner, primary } of seats) {
      const answer = ackMs === null ? 'no answer' : `answered in ${Math.round(ackMs)} ms`
      const used = primary ? ', its match is used' : ''
      this.line(`  seat      ${short(owner)} ${answer}, relayed ${relayed} bids${used}`)
    }
    for (const { place, price, provider, score, why } of bids) {
      const rank = place === undefined ? 'out' : `${place + 1}.`
      const asked =
        price === undefined ? '' : `${formatDuck(BigInt(price))}, score ${score ?? ''}: `
      this.line(`  bid       ${rank.padEnd(4)}${short(provider)} ${asked}${why}`)
    }
    for (const { code, detail, provider } of passes) {
      this.line(`  pass      ${short(provider)} ${code} ${detail}`)
    }
    if (failure !== undefined) this.line(`  nobody    ${failure.code}: ${failure.detail}`)
  }

  #job(state: string, atMs: number): void {
    this.#startMs ??= atMs
    const ms = `${atMs - this.#startMs} ms`.padStart(8)
    this.line(`${ms}  ${state.padEnd(10)} ${JOB_STATE[state] ?? ''}`)
  }

  #voucher(event: ChildEvent): void {
    const [amount, total] = [BigInt(String(event['amount'])), BigInt(String(event['cumulative']))]
    const when = this.#mode === 0 ? 'for a committed step' : 'ahead of the step'
    const to = `to ${short(event['provider'])}`
    this.line(`  voucher   +${formatDuck(amount)} ${when} ${to}, ${formatDuck(total)} in all`)
  }

  #receipt(event: ChildEvent): void {
    const { amount, last, seq, tokensIn, tokensOut } = event['receipt'] as Record<string, unknown>
    const what = this.#mode === 0 ? 'commits' : 'receipt'
    const end = last === true ? ', the last' : ''
    const tokens = `${Number(tokensIn)} tokens in, ${Number(tokensOut)} out`
    const price = formatDuck(BigInt(String(amount)))
    const who = short(event['provider'])
    this.line(`  ${what}   ${who} step ${Number(seq) + 1}${end}: ${tokens}, ${price}`)
  }

  #text(text: string): void {
    // A redundant answer is shown once, after the agreement.
    if (this.#mode === 0) return
    if (!this.#open) this.#write('  text      ')
    this.#open = true
    this.#write(text.replaceAll('\n', '\n            '))
  }
}

/** Batches are what was really sent: a provider that reached the relay too late makes a second one. */
function settledIn({ txs }: MainJobReport['settlement']): string {
  const jobs = txs.filter(({ kind }) => kind === 'jobs')
  const fees = txs.length - jobs.length
  const batches = jobs.length === 1 ? 'one batch' : `${jobs.length} batches`
  return `Settled in ${batches} for the jobs and ${fees} transaction(s) for seat fees`
}

function speedOf({
  engineTokensPerSecond,
  provider,
  tokens,
  tokensPerSecond,
}: JobReport['winners'][0]): string {
  const seen =
    tokensPerSecond === null ? '' : `, ${tokensPerSecond} tokens/s from award to last receipt`
  const engine =
    engineTokensPerSecond === null ? '' : `, ${engineTokensPerSecond} tokens/s in its engine`
  return `${short(provider)} drew ${tokens} tokens${seen}${engine}`
}

/** Enough of an address to tell providers of one network apart. */
function short(address: unknown): string {
  return `${String(address).slice(0, 10)}…`
}
