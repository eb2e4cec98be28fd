import { expect } from 'chai'
import { IDEMPOTENCY_MS, MAX_IDEMPOTENCY_KEYS } from '../../src/gateway/constants.ts'
import { JobDesk } from '../../src/gateway/job-desk.ts'
import type { Caller } from '../../src/gateway/job-desk.ts'
import { ManualClock } from '../manual-clock.ts'
import { rejection } from '../reject.ts'
import { settle } from '../settle.ts'
import { ScriptedClient, ScriptedJob } from './scripted-job.ts'

const REQUEST = { model: 'duckling', messages: [{ role: 'user', content: 'Hello' }] }

describe('JobDesk', () => {
  let client: ScriptedClient
  let clock: ManualClock
  let desk: JobDesk

  beforeEach(() => {
    client = new ScriptedClient()
    clock = new ManualClock()
    desk = new JobDesk({ client, clock })
  })

  function caller(key?: string, body: string = 'a'): Caller & { hangUp: () => void } {
    const gone = new AbortController()
    const hangUp = (): void => {
      gone.abort()
    }
    return { signal: gone.signal, hangUp, ...(key === undefined ? {} : { once: { key, body } }) }
  }

  it('goes on while one of its callers waits, and ends when the last one hangs up', async () => {
    const job = new ScriptedJob()
    client.give(job)
    const [one, two] = [caller('k'), caller('k')]
    expect(await desk.submit(REQUEST, one)).to.equal(job)
    expect(await desk.submit(REQUEST, two)).to.equal(job)
    one.hangUp()
    expect(job.cancels).to.equal(0)
    two.hangUp()
    expect(job.cancels).to.equal(1)
    expect(client.asked[0]?.signal.reason).to.have.property('code', 'CANCELLED')
  })

  it('ends a job whose only caller was gone before it asked', async () => {
    const job = new ScriptedJob()
    client.give(job)
    const gone = caller('k')
    gone.hangUp()
    await desk.submit(REQUEST, gone)
    expect(client.asked[0]?.signal.aborted).to.equal(true)
  })

  it('frees the key of a submit that failed: nothing was paid', async () => {
    client.refuse('NO_BIDS')
    const both = [
      rejection(desk.submit(REQUEST, caller('k'))),
      rejection(desk.submit(REQUEST, caller('k'))),
    ]
    for (const { code } of await Promise.all(both)) expect(code).to.equal('NO_BIDS')
    expect(client.asked).to.have.length(1)
    await settle()
    client.give(new ScriptedJob())
    await desk.submit(REQUEST, caller('k', 'another body'))
    expect(client.asked).to.have.length(2)
  })

  it('forgets a key after a day', async () => {
    client.give(new ScriptedJob())
    await desk.submit(REQUEST, caller('k'))
    clock.advance(IDEMPOTENCY_MS - 1)
    await desk.submit(REQUEST, caller('k'))
    expect(client.asked).to.have.length(1)
    clock.advance(1)
    await desk.submit(REQUEST, caller('k'))
    expect(client.asked).to.have.length(2)
  })

  it('holds so many keys and forgets the oldest', async () => {
    client.give(new ScriptedJob())
    for (let n = 0; n <= MAX_IDEMPOTENCY_KEYS; n += 1) await desk.submit(REQUEST, caller(`k${n}`))
    const before = client.asked.length
    await desk.submit(REQUEST, caller(`k${MAX_IDEMPOTENCY_KEYS}`))
    expect(client.asked).to.have.length(before)
    await desk.submit(REQUEST, caller('k0'))
    expect(client.asked).to.have.length(before + 1)
  })

  it('makes each request without a key a job of its own, with its own signal', async () => {
    client.give(new ScriptedJob())
    const one = caller()
    await desk.submit(REQUEST, one)
    await desk.submit(REQUEST, caller())
    expect(client.asked).to.have.length(2)
    expect(client.asked[0]?.signal).to.equal(one.signal)
  })
})
