/** What tests of streaming jobs ask of an outcome, and how they pause a provider. */
import { expect } from 'chai'
import type { JobEvent, JobOutcome } from '../../../src/dispatch/index.ts'
import { gate } from '../../support/scripted-engine.ts'
import { answerOf } from './fleet.ts'
import type { Fleet } from './fleet.ts'

/** Provider `index` goes on only to `tokens` of the whole answer. */
export function hold(fleet: Fleet, index: number, tokens: number): ReturnType<typeof gate> {
  const held = gate()
  const { engine } = fleet.at(index)
  engine.script = { gate: (now) => (now < tokens ? undefined : held.wait) }
  return held
}

export function codes({ segments }: JobOutcome): (string | undefined)[] {
  return segments.map(({ failure }) => failure?.code)
}

export function jobStates(events: readonly JobEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'job' ? [event.state] : []))
}

export function expectWhole(outcome: JobOutcome, tokens = 160): void {
  const { ids, text } = answerOf(tokens)
  expect(outcome.failure).to.equal(undefined)
  expect(outcome.state).to.equal('finalized')
  expect(outcome.ids).to.deep.equal(ids)
  expect(outcome.text).to.equal(text)
}
