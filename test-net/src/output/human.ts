/** What `npm start` shows to people, line by line, as it happens. */
import { formatDuck } from '@duckmesh/node'
import type { MainJobReport } from '../job/interface.ts'
import type { ChildEvent } from '../processes/interface.ts'

const STATE_TEXT: Readonly<Record<string, string>> = {
  posted: 'order signed; nothing is paid yet',
  awarded: 'award, sealed prompt and voucher for the first step sent',
  accepted: 'the provider signed its accept',
  running: 'tokens are coming',
  completed: 'the last receipt is in',
  finalized: 'receipt and voucher agree; the provider may redeem',
  failed: 'failed',
  cancelled: 'cancelled',
  expired: 'expired',
}

/** A printer that writes to `out` and knows whether a line of streamed text is open. */
export class HumanPrinter {
  readonly #write: (text: string) => void
  #open = false
  #startMs: number | null = null

  constructor(write: (text: string) => void) {
    this.#write = write
  }

  line(text = ''): void {
    if (this.#open) this.#write('\n')
    this.#open = false
    this.#write(`${text}\n`)
  }

  /** An event line of the client process. */
  onEvent(process: string, event: ChildEvent): void {
    if (process !== 'client' || event.event !== 'job') return
    switch (event['type']) {
      case 'ordered':
        this.line(`  provider  ${String(event['provider'])}`)
        break
      case 'state':
        this.#state(String(event['state']), Number(event['atMs']))
        break
      case 'voucher': {
        const [amount, total] = [
          BigInt(String(event['amount'])),
          BigInt(String(event['cumulative'])),
        ]
        this.line(
          `  voucher   +${formatDuck(amount)} ahead of the step, ${formatDuck(total)} in all`,
        )
        break
      }
      case 'receipt':
        this.#receipt(event['receipt'] as Record<string, unknown>)
        break
      case 'text':
        if (!this.#open) this.#write('  text      ')
        this.#open = true
        this.#write(String(event['text']).replaceAll('\n', '\n            '))
        break
    }
  }

  report(report: MainJobReport): void {
    const [job] = report.jobs
    if (job === undefined) return
    const credit = creditOf(report)
    if (credit > 0n) {
      this.line(
        `Credit ${formatDuck(credit)} prepaid and not used; it pays the next steps on this channel`,
      )
    }
    this.line()
    this.line(
      `Settled in ${report.settlement.txs.length} transaction(s); ${report.chainTxDuringJobs} during the job`,
    )
    for (const { gasUsed, hash, vouchers } of report.settlement.txs) {
      this.line(`  ${hash}  ${vouchers} voucher(s), ${gasUsed} gas`)
    }
    this.line()
    this.line('Balances (wallet, escrow, stake and earnings)')
    for (const [address, before] of Object.entries(report.balances.before)) {
      const after = report.balances.after[address as keyof typeof report.balances.after] ?? 0n
      const change = after - before
      const sign = change > 0n ? '+' : ''
      this.line(
        `  ${address}  ${formatDuck(before)} -> ${formatDuck(after)}  (${sign}${formatDuck(change)})`,
      )
    }
  }

  #state(state: string, atMs: number): void {
    this.#startMs ??= atMs
    if (state === 'posted') this.#startMs = atMs
    const ms = `${atMs - this.#startMs} ms`.padStart(8)
    this.line(`${ms}  ${state.padEnd(10)} ${STATE_TEXT[state] ?? ''}`)
  }

  #receipt(receipt: Record<string, unknown>): void {
    const { amount, last, seq, tokensIn, tokensOut } = receipt
    const end = last === true ? ', the last' : ''
    const tokens = `${Number(tokensIn)} tokens in, ${Number(tokensOut)} out`
    this.line(
      `  receipt   step ${Number(seq) + 1}${end}: ${tokens}, ${formatDuck(BigInt(String(amount)))}`,
    )
  }
}

/** Prepaid beyond the receipts: the last step was shorter than what was paid ahead. */
function creditOf({ balances, jobs }: MainJobReport): bigint {
  const due = jobs.reduce((sum, job) => sum + job.paid, 0n)
  const gains = Object.entries(balances.before).map(([address, before]) => {
    return (balances.after[address as keyof typeof balances.after] ?? 0n) - before
  })
  return gains.filter((gain) => gain > 0n).reduce((sum, gain) => sum + gain, 0n) - due
}
