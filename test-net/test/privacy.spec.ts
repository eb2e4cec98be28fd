import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { signedBidCodec } from '@duckmesh/proto'
import type { DevnetProvider, JobReport } from '../src/index.ts'
import { ENDLESS, TestNet, ownerOf, stopNets } from './support/devnets.ts'
import { RecordingProxy, stopProxies } from './support/recording-proxy.ts'
import { testFolder } from './support/test-root.ts'

/** Stand in no other text: one in the prompt of each job. */
const MARKERS = { stream: 'xq7Marker9zv', redundant: 'kw4Marker2jp' }
const STORY = 'Tell me a story about a brave duck.'
const KINDS = ['stream', 'redundant'] as const

/** Everything that one process received, or kept. */
interface Heard {
  who: string
  bytes: Buffer
}

describe('what only some may know', function () {
  this.timeout(180_000)
  let world: TestNet
  let proxy: RecordingProxy
  let recordings: string
  let jobs: Record<(typeof KINDS)[number], JobReport>
  /** Words of an answer that stand in no other text. */
  let words: string[]
  /** By process id: what it received before the streamed job, until its first step was done, and in all. */
  let earlier: Map<number, Buffer>
  let during: Map<number, Buffer>
  let heard: Map<number, Buffer>
  let files: Heard[]

  before(async () => {
    recordings = await testFolder('recordings')
    const { NODE_OPTIONS: before } = process.env
    process.env['NODE_OPTIONS'] =
      `--import=${new URL('./support/record-received.ts', import.meta.url).href}`
    process.env['RECORD_TO'] = recordings
    process.env['DUCKMESH_LOG_LEVEL'] = 'debug'
    try {
      world = await TestNet.start({
        providers: 5,
        wrapRpc: async (rpcUrl) => {
          const recording = await RecordingProxy.before(rpcUrl)
          proxy = recording.proxy
          return recording.url
        },
      })
      // First, because processes that have just started miss the window of an auction.
      words = rareWords((await world.auction({ prompt: STORY })).text)
      jobs = { stream: await streamed(), redundant: await redundant() }
      await world.settle()
    } finally {
      delete process.env['RECORD_TO']
      delete process.env['DUCKMESH_LOG_LEVEL']
      if (before === undefined) delete process.env['NODE_OPTIONS']
      else process.env['NODE_OPTIONS'] = before
    }
    heard = await recorded()
    files = await filesBelow(world.net.folder)
  })
  after(async () => {
    await stopNets()
    stopProxies()
  })

  /** Looks at what everybody received while the job runs: bids are opened to others when it is over. */
  async function streamed(): Promise<JobReport> {
    const prompt = `${STORY} ${MARKERS.stream}`
    earlier = await recorded()
    const running = world.auction({ prompt, maxTokens: 250, sampling: ENDLESS })
    await world.nextJobEvent(({ type }) => type === 'receipt')
    during = await recorded()
    return running
  }

  function redundant(): Promise<JobReport> {
    return world.auction({ prompt: `${STORY} ${MARKERS.redundant}`, redundant: 2 })
  }

  async function recorded(): Promise<Map<number, Buffer>> {
    const names = await readdir(recordings)
    const all = names.map(async (name) => {
      const bytes = await readFile(join(recordings, name))
      return [Number(name.split('.').at(-1)), bytes] as const
    })
    return new Map(await Promise.all(all))
  }

  function heardBy(pid: number | undefined, when = heard): Buffer {
    const bytes = when.get(pid ?? 0)
    if (bytes === undefined) throw new TypeError(`Nothing was recorded of process ${pid}.`)
    return bytes
  }

  function winnersOf(kind: (typeof KINDS)[number]): DevnetProvider[] {
    const owners = new Set(jobs[kind].winners.map(({ provider }) => provider))
    return world.net.providers.filter((one) => owners.has(ownerOf(one)))
  }

  function losersOf(kind: (typeof KINDS)[number]): DevnetProvider[] {
    const winners = winnersOf(kind)
    return world.net.providers.filter((one) => !winners.includes(one))
  }

  describe('the prompt', () => {
    for (const kind of KINDS) {
      it(`of a ${kind} job reaches the engine of each winner, so that the searches below can find it`, () => {
        expect(jobs[kind].lane).to.equal('auction')
        expect(winnersOf(kind).length).to.be.least(kind === 'stream' ? 1 : 2)
        for (const { child } of winnersOf(kind)) {
          expect(traces(heardBy(child.pid), MARKERS[kind])).to.include('the prompt as text')
        }
      })

      it(`of a ${kind} job is in nothing that seats and other bidders received`, () => {
        expect(losersOf(kind).length).to.be.least(2)
        for (const { child, name } of losersOf(kind)) {
          const received = heardBy(child.pid)
          expect(received.includes('/duckmesh/'), 'the recorder sees inside').to.equal(true)
          expect(received.includes('"jsonrpc"'), 'and what the chain answered').to.equal(true)
          const partakes = received.includes('/duckmesh/market/1.0.0')
          expect(partakes, `${name} takes part in the market`).to.equal(true)
          expect(traces(received, MARKERS[kind]), name).to.deep.equal([])
          for (const word of words) expect(received.includes(word), word).to.equal(false)
        }
      })
    }

    it('is answered to the client: the recorder finds the words of an answer there', () => {
      const received = heardBy(world.net.client.pid)
      expect(received.length).to.be.greaterThan(1_000)
      expect(words).to.not.deep.equal([])
      for (const word of words) expect(received.includes(word), word).to.equal(true)
    })

    it('is in nothing that the seed received, also after decryption', () => {
      const received = heardBy(world.net.seed.pid)
      const seesInside = received.includes('/duckmesh/kad/1.0.0')
      expect(seesInside, 'the recorder sees inside of connections').to.equal(true)
      expectNothing([{ who: 'seed', bytes: received }])
    })

    it('is in nothing that the chain was sent or answered', () => {
      const sent = Buffer.concat(proxy.received)
      expect(sent.includes('eth_sendRawTransaction'), 'the redemption went this way').to.equal(true)
      expectNothing([
        { who: 'the chain', bytes: sent },
        { who: 'answers of the chain', bytes: Buffer.concat(proxy.answered) },
      ])
    })

    it('is in no line that any process logs, down to debug', () => {
      const names = world.net.providers.map(({ name }) => name)
      expect(world.logs.map(({ process }) => process)).to.include.members(names)
      expectNothing(
        world.logs.map(({ line, process }) => ({ who: process, bytes: Buffer.from(line) })),
      )
    })

    it('is in no event that providers, seed or chain tell the launcher', () => {
      const others = world.events.filter(({ process }) => process !== 'client')
      expect(others.map(({ event }) => event)).to.include.members(['ready', 'segment'])
      expectNothing(
        others.map((event) => ({ who: event.process, bytes: Buffer.from(JSON.stringify(event)) })),
      )
    })

    it('is in no file of any process', () => {
      const names = files.map(({ who }) => who)
      for (const folder of ['seed', ...world.net.providers.map(({ name }) => name)]) {
        const some = names.some((name) => name.startsWith(`${folder}/`))
        expect(some, folder).to.equal(true)
      }
      expectNothing(files.filter(({ who }) => !who.startsWith('client/')))
    })
  })

  describe('the bids', () => {
    /** What the client wrote down of the streamed job, or of all. */
    function written(what: string, when: Map<number, Buffer>): Buffer[] {
      const text = heardBy(world.net.client.pid, when).toString('latin1')
      const lines = text.matchAll(new RegExp(`\\n${what} (?:0x)?([0-9a-f]+)\\n`, 'g'))
      return [...lines].map(([, hex = '']) => Buffer.from(hex, 'hex'))
    }

    /** Reply secrets of the streamed job: one an attempt. */
    function streamSecrets(): Buffer[] {
      const old = written('reply secret', earlier).map((secret) => secret.toString('hex'))
      const all = written('reply secret', during)
      return all.filter((secret) => !old.includes(secret.toString('hex')))
    }

    it('of the streamed job were opened by the client, those of winners and losers', () => {
      const bids = written('opened bid', during).map((bytes) => signedBidCodec.decode(bytes))
      const jobBids = bids.filter(({ bid }) => bid.jobId === jobs.stream.jobId)
      const owners = new Set(jobBids.map(({ bid }) => bid.provider))
      expect([...owners]).to.include.members(winnersOf('stream').map(ownerOf))
      expect(owners.size).to.be.least(2)
    })

    it('can be opened by nobody but client and winner while the job runs', () => {
      const [secret, ...more] = streamSecrets()
      if (secret === undefined) throw new TypeError('The client made no reply key.')
      expect(secret).to.have.length(32)
      for (const { child, name } of losersOf('stream')) {
        for (const one of [secret, ...more]) {
          expect(knows(heardBy(child.pid, during), one), name).to.equal(false)
        }
      }
      expect(knows(heardBy(world.net.seed.pid), secret), 'the seed').to.equal(false)
      const [winner] = winnersOf('stream')
      const shown = [secret, ...more].some((one) => knows(heardBy(winner?.child.pid, during), one))
      expect(shown, 'the award shows it to the winner').to.equal(true)
    })

    it('are opened to those who bid or matched when it is over', () => {
      const secrets = streamSecrets()
      const { bids, seat } = jobs.stream
      const took = new Set([seat, ...(bids ?? []).map(({ provider }) => provider)])
      const others = losersOf('stream').filter((one) => took.has(ownerOf(one)))
      expect(others).to.not.deep.equal([])
      for (const { child, name } of others) {
        const shown = secrets.some((secret) => knows(heardBy(child.pid), secret))
        expect(shown, name).to.equal(true)
      }
    })

    it('are never in the clear on any wire', () => {
      const bids = written('opened bid', heard)
      expect(bids.length).to.be.greaterThan(5)
      const pids = [
        ...world.net.providers.map(({ child }) => child),
        world.net.seed,
        world.net.client,
      ]
      for (const bytes of bids) {
        const { signature } = signedBidCodec.decode(bytes)
        const signed = Buffer.from(signature.slice(2), 'hex')
        for (const { name, pid } of pids) {
          expect(heardBy(pid).includes(bytes), name).to.equal(false)
          expect(heardBy(pid).includes(signed), `${name}: signature`).to.equal(false)
        }
      }
    })
  })

  /** No prompt in whatever form, and no answer, is in these. */
  function expectNothing(all: readonly Heard[]): void {
    for (const { bytes, who } of all) {
      for (const kind of KINDS) expect(traces(bytes, MARKERS[kind]), who).to.deep.equal([])
      for (const word of words) {
        expect(bytes.includes(word), `${who} has "${word}" of the answer`).to.equal(false)
      }
    }
  }
})

function knows(bytes: Buffer, secret: Buffer): boolean {
  return bytes.includes(secret) || bytes.includes(secret.toString('hex'))
}

/** In which form the marker is in there. */
function traces(bytes: Buffer, marker: string): string[] {
  // Base64 depends on the position: the middle of each of three is the same wherever the text starts.
  const base64 = [0, 1, 2].map((skip) =>
    Buffer.from('x'.repeat(skip) + marker)
      .toString('base64')
      .slice(4, 14),
  )
  const forms: [string, string | Buffer][] = [
    ['the prompt as text', marker],
    ['the prompt as hex', Buffer.from(marker).toString('hex')],
    ['the prompt as UTF-16', Buffer.from(marker, 'utf16le')],
    ...base64.map((text): [string, string] => ['the prompt as base64', text]),
  ]
  return [...new Set(forms.filter(([, form]) => bytes.includes(form)).map(([name]) => name))]
}

/** Longer words of an answer, without those of its prompt and those that protocols and programs use too. */
function rareWords(text: string): string[] {
  const common = ['there', 'found', 'under', 'DuckMesh', ...STORY.split(/[^A-Za-z]+/)]
  return [...new Set(text.match(/[A-Za-z]{5,}/g))].filter((word) => !common.includes(word))
}

async function filesBelow(folder: string): Promise<Heard[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath }) => join(parentPath, name))
  const all = paths.map(async (path) => ({
    who: path.slice(folder.length + 1),
    bytes: await readFile(path),
  }))
  return Promise.all(all)
}
