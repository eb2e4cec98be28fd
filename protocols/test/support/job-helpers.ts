/** What several driver tests of jobs ask for. */
import { expect } from 'chai'
import type { JobWorld, Link } from './job-world.ts'

export const forever: Promise<void> = new Promise<void>(() => undefined)

/** The engine waits from this token on. */
export function holdAt(tokens: number): { gate: (now: number) => Promise<void> | undefined } {
  return { gate: (now) => (now < tokens ? undefined : forever) }
}

/** The provider is done with everything. */
export async function free(world: JobWorld): Promise<void> {
  await world.until(() => world.server.inFlight === 0, 'slot free')
  expect(world.engine.open_).to.equal(0)
}

/** Both books say the same of the channel, and a next job runs on it. */
export async function expectUsable(world: JobWorld, link: Link): Promise<void> {
  const [mine] = await world.payer.ledger.listChannels()
  const [theirs] = await world.ledger.listChannels()
  expect(mine?.settled ?? 0n).to.equal(theirs?.settled ?? 0n)
  world.engine.script = {}
  const run = await world.submit(link, { maxTokens: 70 })
  expect((await run.ended).failure).to.equal(undefined)
}
