import { expect } from 'chai'
import { TestNet, stopNets } from './support/devnets.ts'
import { until } from './support/until.ts'

const PROMPT = 'What is the capital of Norway?'
const CHAT = { model: 'duckling', messages: [{ role: 'user', content: PROMPT }], max_tokens: 16 }

interface Answer {
  status: number
  body: { duckmesh?: { jobId: string; paid: string }; error?: { code: string; message: string } }
}

describe('a gateway that dies after an answer', function () {
  this.timeout(180_000)
  let world: TestNet

  before(async () => {
    world = await TestNet.start({ providers: 2 })
  })
  after(stopNets)

  async function ask(key: string): Promise<Answer> {
    const [url = ''] = world.net.gateways
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(CHAT),
    })
    return { status: response.status, body: (await response.json()) as Answer['body'] }
  }

  it('orders and pays no request twice under its key', async () => {
    // A key whose request failed before anything was paid is free, so the same one may be tried again.
    const first = await until('the first answer', async () => {
      const answer = await ask('one')
      return answer.status === 200 && answer
    })
    const { jobId, paid } = first.body.duckmesh ?? { jobId: '', paid: '0' }
    expect(BigInt(paid) > 0n).to.equal(true)
    expect((await ask('one')).body.duckmesh?.jobId).to.equal(jobId)
    const [provider] = world.net.providers
    if (provider === undefined) expect.fail('no provider')
    await world.kill(provider)
    await world.net.restartProvider(provider)
    const again = await until('the gateway answers again', () => ask('one').catch(() => undefined))
    expect(again).to.have.nested.property('body.error.code', 'answer_lost')
    expect(again.status).to.equal(422)
    expect(again.body.error?.message).to.contain(jobId)
  })
})
