/** A network of three peers that is asked through the gateway of the first. */
import { expect } from 'chai'
import type { JobTranscript } from '@duckmesh/sdk'
import { TestNet } from './devnets.ts'
import { RecordingProxy } from './recording-proxy.ts'
import { duckmesh } from './run.ts'
import { until } from './until.ts'

/** What a chat of a test asks. */
export const NORWAY = 'What is the capital of Norway?'
export const MODEL = 'duckling'

export class GatewayNet {
  readonly world: TestNet
  /** Of the first peer's gateway. */
  readonly url: string

  private constructor(world: TestNet, url: string) {
    this.world = world
    this.url = url
  }

  static async start(): Promise<GatewayNet> {
    const world = await TestNet.start({ providers: 3 })
    const [url = ''] = world.net.gateways
    const net = new GatewayNet(world, url)
    await net.untilServed()
    return net
  }

  /** Every peer bids: at the start of a network some streams are not open yet. */
  async untilServed(): Promise<void> {
    const wanted = { verification: 'redundant', replicas: 3 }
    const messages = [{ role: 'user', content: NORWAY }]
    const body = JSON.stringify({ messages, model: MODEL, max_tokens: 1, duckmesh: wanted })
    const headers = { 'content-type': 'application/json' }
    const ask = async (): Promise<boolean> => {
      const path = `${this.url}/v1/chat/completions`
      const response = await fetch(path, { method: 'POST', headers, body })
      return response.status === 200
    }
    await until('three peers serve a job', ask, 90_000)
  }

  /** The record of a job, as `duckmesh why` tells it. */
  transcriptOf(jobId: string): Promise<JobTranscript> {
    return until('the job is recorded', async () => {
      const args = ['--json', 'why', jobId, '--data-dir', this.world.net.folder]
      const { code, stdout } = await duckmesh(args)
      return code === 0 && (JSON.parse(stdout) as JobTranscript)
    })
  }

  /** The gateway behind one that counts. */
  proxied(): Promise<{ proxy: RecordingProxy; url: string }> {
    return RecordingProxy.before(this.url)
  }

  /** Kills the second peer while it works on a job of `ask`; the job cannot end well, and is asked for once. */
  async losesMember(ask: (base: string) => Promise<void>): Promise<void> {
    await this.untilServed()
    const { proxy, url } = await this.proxied()
    const { events, net } = this.world
    const [, victim] = net.providers
    if (victim === undefined) throw new TypeError('There is no second peer.')
    const from = events.length
    const asked = ask(url)
    const works = until('the second peer works', () =>
      events
        .slice(from)
        .some((event) => event.process === victim.name && event['state'] === 'running'),
    )
    try {
      await Promise.race([works, asked])
      victim.child.process.kill('SIGKILL')
      await asked
      await works
      expect(postsOf(proxy)).to.equal(1)
    } finally {
      await net.restartProvider(victim)
    }
  }
}

/** Requests for a chat that reached the gateway. */
export function postsOf({ received }: RecordingProxy): number {
  return Buffer.concat(received).toString('latin1').split('POST /v1/chat/completions').length - 1
}
