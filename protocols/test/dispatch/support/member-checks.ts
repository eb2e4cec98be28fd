/** What tests of redundant jobs ask of an outcome, and how they bend a member. */
import { expect } from 'chai'
import type { JobFrame } from '@duckmesh/proto'
import type { JobEvent, JobOutcome } from '../../../src/dispatch/index.ts'
import { answerOf } from './fleet.ts'
import type { Fleet, FleetProvider } from './fleet.ts'

type Reveal = Extract<JobFrame, { kind: 'reveal' }>['reveal']

export function texts(events: readonly JobEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'text' ? [event.text] : []))
}

export function ended({ segments }: JobOutcome): string[] {
  return segments.map(({ failure, state }) => failure?.code ?? state)
}

/** Everything that was receipted in good order is paid, and both books say so. */
export async function expectPaid(fleet: Fleet, outcome: JobOutcome): Promise<void> {
  let sum = 0n
  for (const { provider, paid } of outcome.segments) {
    const index = fleet.providers.findIndex(({ owner }) => owner === provider)
    const { mine, theirs, open } = await fleet.settled(index)
    expect(mine).to.equal(paid)
    expect(theirs).to.equal(paid)
    expect(open).to.equal(0)
    sum += paid
  }
  expect(outcome.paid).to.equal(sum)
  expect(outcome.inDoubt).to.equal(0n)
}

export function expectAgreed(outcome: JobOutcome, events: readonly JobEvent[], tokens = 160): void {
  const { ids, text } = answerOf(tokens)
  expect(outcome.failure).to.equal(undefined)
  expect(outcome).to.include({ state: 'finalized', agreed: true, text })
  expect(outcome.ids).to.deep.equal(ids)
  expect(texts(events)).to.deep.equal([text])
}

export function isLastReceipt({ kind, ...rest }: JobFrame): boolean {
  return kind === 'receipt' && 'receipt' in rest && rest.receipt.receipt.receipt.last
}

/** No id and no text left a provider before the last commitment of the round was in. */
export function expectNoCopying(fleet: Fleet): void {
  expect(fleet.sent('chunk')).to.deep.equal([])
  const firstReveal = fleet.wire.findIndex(({ frame }) => frame.kind === 'reveal')
  const after = fleet.wire.slice(firstReveal)
  if (firstReveal !== -1) {
    expect(
      after.some(({ frame }) => isLastReceipt(frame)),
      'a commitment after a reveal',
    ).to.equal(false)
  }
}

export function changeReveal(provider: FleetProvider, change: (reveal: Reveal) => Reveal[]): void {
  provider.toClient = (frame) =>
    frame.kind === 'reveal'
      ? change(frame.reveal).map((reveal) => ({ kind: 'reveal' as const, reveal }))
      : [frame]
}

/** Whether the member has given its last commitment. */
export function lastReceipted(fleet: Fleet, provider: FleetProvider): boolean {
  return fleet.wire.some(({ index, frame }) => index === provider.index && isLastReceipt(frame))
}
